import { DatabaseSync } from 'node:sqlite';
import { PostgresServerError } from './postgres-server-error.ts';
import { makePrivateLockFile } from './private-lock-file.ts';

const sqliteBusy = 5;

/**
 * Takes the lock `path` for this process or throws at once.
 * The lock is SQLite's: the kernel drops it with the process, so that kill -9 never leaves one behind.
 */
export function takeInstanceLock(path: string, dataDir: string): Disposable {
  makePrivateLockFile(path);
  const lock = new DatabaseSync(path);
  try {
    lock.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (cause) {
    lock.close();
    if (isBusy(cause)) {
      throw new PostgresServerError(
        `The database in ${dataDir} is in use by another running instance; stop that one first.`,
        { cause },
      );
    }
    throw new PostgresServerError(`Cannot lock the database in ${dataDir}.`, { cause });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
