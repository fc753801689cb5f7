import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/** Another process holds the lock. */
export class FileLockedError extends Error {
  override readonly name = 'FileLockedError';
}

/**
 * Takes the lock `path` for this process, until it is disposed or the process ends. The lock is SQLite's: the kernel drops it with the
 * process, so that kill -9 never leaves one behind. The empty file stays: removing it could let two in.
 * @throws FileLockedError at once when another process holds it
 */
export function takeFileLock(path: string): Disposable {
  makePrivateLockFile(path);
  const lock = new DatabaseSync(path);
  try {
    lock.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (cause) {
    lock.close();
    throw isBusy(cause) ? new FileLockedError('another process holds the lock', { cause }) : cause;
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}

/**
 * Makes the file of a SQLite lock readable by its owner alone; SQLite gives its journal the same mode. A file that is there is never
 * opened: closing it would drop a lock that this process holds on it.
 */
function makePrivateLockFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(path, 0o600);
  }
}
