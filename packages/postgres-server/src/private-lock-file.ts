import { chmodSync, closeSync, openSync } from 'node:fs';

/**
 * Makes the file of a SQLite lock readable by its owner alone; SQLite gives its journal the same mode. A file that is there is never
 * opened: closing it would drop a lock that this process holds on it.
 */
export function makePrivateLockFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(path, 0o600);
  }
}
