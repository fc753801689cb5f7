import { randomUUID } from 'node:crypto';
import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';

const setting = 'vibetribe.session';

/**
 * Makes sure that a connection is one session of the server. Behind a pooler that shares sessions between transactions, locks and listeners
 * would be lost without a sign. It is noticed by what one connection has set: there it is gone while another connection is in a
 * transaction.
 * @throws OperatorError
 */
export async function requireSessions(pool: Pick<pg.Pool, 'connect' | 'options'>): Promise<void> {
  if ((pool.options.max ?? 1) < 2) return;
  const mine = await pool.connect();
  try {
    const other = await pool.connect();
    try {
      const value = randomUUID();
      await mine.query(`select set_config('${setting}', $1, false)`, [value]);
      // It takes the session that the first one used last, if that was given back.
      await other.query('begin');
      const { rows } = await mine.query<{ value: string | null }>(
        `select current_setting('${setting}', true) as value`,
      );
      await other.query('rollback');
      if (rows[0]?.value === value) return;
    } finally {
      other.release(true);
    }
  } finally {
    mine.release(true);
  }
  throw new OperatorError(
    'The database is behind a pooler that shares its sessions between transactions, and locks and notifications would be lost: ' +
      'use it in session mode (PgBouncer: pool_mode = session), or the server itself.',
  );
}
