import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Transaction } from './transaction.ts';
import { ConnectionLostError } from './product-pool.ts';

/** What one transaction is set to, by name. It begins with these and the connection forgets them at its end. */
export type TransactionSettings = Readonly<Record<string, string>>;

export interface Transactions {
  run<Result>(settings: TransactionSettings, work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** The same for a fixed set of statements: each is prepared once for a connection. */
  runPrepared<Result>(settings: TransactionSettings, work: (tx: Transaction) => Promise<Result>): Promise<Result>;
}

/** More texts than this are no fixed set of statements: the rest is not prepared. */
const statementsMax = 100;

/**
 * Transactions on the pool's connections. A statement that does not wait for an earlier answer is sent together with the earlier one, and
 * so is the beginning. The server carries statements out in the order in which they were sent, and none after one that failed. However a
 * transaction ends, its connection goes back to the pool, or is closed where not even a rollback got through.
 */
export function createTransactions(pool: pg.Pool): Transactions {
  const names = new Map<string, string>();

  const run = async <Result>(
    settings: TransactionSettings,
    work: (tx: Transaction) => Promise<Result>,
    sessionOn: (client: pg.PoolClient) => pg.PoolClient,
  ): Promise<Result> => {
    const client = await pool.connect();
    let fault: Error | undefined;
    try {
      const begun = begin(client, settings);
      begun.catch(() => undefined);
      const result = await work(drizzle({ client: sessionOn(client) }));
      await begun;
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back: one of its statements had failed');
      return result;
    } catch (error) {
      await client.query('rollback').catch((cause: Error) => (fault = cause));
      if (fault !== undefined && !hasCode(error))
        throw new ConnectionLostError('the connection was lost in a transaction', { cause: error });
      throw error;
    } finally {
      client.release(fault);
    }
  };

  return {
    run: (settings, work) => run(settings, work, (client) => client),
    runPrepared: (settings, work) => run(settings, work, (client) => preparing(client, names)),
  };
}

/** What the work itself says, or the server or the network, tells more than that its connection is gone. */
function hasCode(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (typeof Reflect.get(cause, 'code') === 'string') return true;
  return false;
}

async function begin(client: pg.PoolClient, settings: TransactionSettings): Promise<void> {
  const text = `select ${Object.keys(settings)
    .map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
    .join(', ')}`;
  await Promise.all([
    client.query('begin isolation level read committed'),
    client.query({ name: `begin_${Object.keys(settings).length}`, text, values: Object.entries(settings).flat() }),
  ]);
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
