import { FileLockedError, takeFileLock } from './file-lock.ts';
import { PostgresServerError } from './postgres-server-error.ts';

/** Takes the lock `path` for this process, or throws at once. */
export function takeInstanceLock(path: string, dataDir: string): Disposable {
  try {
    return takeFileLock(path);
  } catch (cause) {
    const message =
      cause instanceof FileLockedError
        ? `The database in ${dataDir} is in use by another running instance; stop that one first.`
        : `Cannot lock the database in ${dataDir}.`;
    throw new PostgresServerError(message, { cause });
  }
}
