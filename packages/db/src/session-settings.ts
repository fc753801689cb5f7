import type pg from 'pg';

/** Settings of a connection, by name. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * Makes the settings on a connection for as long as it lives. They are not asked for in its first message: a pooler such as PgBouncer
 * refuses what it does not know there.
 */
export async function applySettings(client: Pick<pg.ClientBase, 'query'>, settings: SessionSettings): Promise<void> {
  const entries = Object.entries(settings);
  if (entries.length === 0) return;
  const calls = entries.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`);
  await client.query(`select ${calls.join(', ')}`, entries.flat());
}
