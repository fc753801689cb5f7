import { PgDialect } from 'drizzle-orm/pg-core';
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres/session';
import type pg from 'pg';
import type { Transaction } from './connect-database.ts';

/**
 * One round trip for what a transaction begins with. Its statements find rows by key: nested loops over indexes are right for them
 * whatever the statistics say, which after a burst of new rows is wrong. So a plan, once made, may stay.
 */
const begin = `begin; select set_config('role', 'vibetribe_worker', true), set_config('app.organization_id', '', true),
  set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** More texts than this are no fixed set of statements: the rest is not prepared. */
const statementsMax = 100;

/**
 * Runs keyed transactions of the worker role, their statements prepared once for each connection. What does not wait for an earlier
 * answer is sent with it: the server carries statements out in the order in which they were sent, and none after one that failed.
 */
export function createKeyedTransactions(pool: pg.Pool) {
  const dialect = new PgDialect();
  const names = new Map<string, string>();

  return async <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect();
    let fault: Error | undefined;
    try {
      const begun = client.query(begin);
      begun.catch(() => undefined);
      const session = new NodePgSession(preparing(client, names), dialect, undefined);
      const result = await work(new NodePgTransaction(dialect, session, undefined));
      await begun;
      await client.query('commit');
      return result;
    } catch (error) {
      // A connection that cannot even roll back is not given to anyone else.
      await client.query('rollback').catch((cause: Error) => (fault = cause));
      throw error;
    } finally {
      client.release(fault);
    }
  };
}

/** The client as drizzle's session uses it, each text under a name of its own. */
function preparing(client: pg.PoolClient, names: Map<string, string>): pg.PoolClient {
  const query = (config: pg.QueryConfig, values?: unknown[]) => {
    const name = nameOf(config.text, names);
    return client.query(name === undefined ? config : { ...config, name }, values);
  };
  return { query } as unknown as pg.PoolClient;
}

function nameOf(text: string, names: Map<string, string>): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= statementsMax) return known;
  const name = `keyed_${names.size}`;
  names.set(text, name);
  return name;
}
