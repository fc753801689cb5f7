import pg from 'pg';

/** Makes the database unless it exists; returns the URL that connects to it. */
export async function ensureDatabase(server: { port: number; password: string; database: string }): Promise<string> {
  const urlOf = (database: string): string =>
    `postgres://postgres:${server.password}@127.0.0.1:${server.port}/${database}`;
  const client = new pg.Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [server.database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(server.database)}`);
  } finally {
    await client.end();
  }
  return urlOf(server.database);
}
