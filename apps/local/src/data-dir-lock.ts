import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateLockFile } from '@vibetribe/postgres-server/private-lock-file';
import { StartError } from './start-error.ts';

const sqliteBusy = 5;

/**
 * Makes this process the only one that runs on the data directory, until it is disposed or the process ends. The lock is SQLite's: the
 * kernel drops it with the process, however that ends. The empty file stays: removing it could let two in.
 * @throws StartError at once when another process holds it
 */
export function lockDataDir(dataDir: string): Disposable {
  const path = join(dataDir, 'running.lock');
  makePrivateLockFile(path);
  const lock = new DatabaseSync(path);
  try {
    lock.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cause;
    throw new StartError(`VibeTribe is running in ${dataDir} already: stop that one, or choose another DATA_DIR.`, {
      cause,
    });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
