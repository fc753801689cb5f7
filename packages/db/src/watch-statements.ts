import type pg from 'pg';

/** One finished statement, for logs: its text with places for parameters, never their values. */
export interface Statement {
  readonly sql: string;
  readonly durationMs: number;
  /** SQLSTATE or the network's code where it failed; null where it did not. */
  readonly errorCode: string | null;
  readonly rows: number | null;
}

const textMax = 1_000;

/** Tells of the statements whose outcome is awaited. */
export function watchStatements(client: pg.PoolClient, tell: (statement: Statement) => void): void {
  const query: (...args: unknown[]) => unknown = client.query.bind(client);
  const watched = (...args: unknown[]): unknown => {
    const startedAtMs = performance.now();
    const outcome = query(...args);
    if (!(outcome instanceof Promise)) return outcome;
    const told = (errorCode: string | null, rows: number | null) =>
      tell({ sql: textOf(args[0]), durationMs: performance.now() - startedAtMs, errorCode, rows });
    outcome.then(
      (result: unknown) => told(null, rowsOf(result)),
      (error: unknown) => told(codeOf(error), null),
    );
    return outcome;
  };
  Object.assign(client, { query: watched });
}

function textOf(config: unknown): string {
  const text = typeof config === 'string' ? config : fieldOf(config, 'text');
  return typeof text === 'string' ? text.replaceAll(/\s+/g, ' ').trim().slice(0, textMax) : '';
}

function rowsOf(result: unknown): number | null {
  const rows = fieldOf(result, 'rowCount');
  return typeof rows === 'number' ? rows : null;
}

function codeOf(error: unknown): string {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : 'unknown';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
