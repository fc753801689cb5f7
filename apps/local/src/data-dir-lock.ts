import { join } from 'node:path';
import { FileLockedError, takeFileLock } from '@vibetribe/postgres-server/file-lock';
import { StartError } from './start-error.ts';

/**
 * Makes this process the only one that runs on the data directory, until it is disposed or the process ends.
 * @throws StartError at once when another process holds it
 */
export function lockDataDir(dataDir: string): Disposable {
  try {
    return takeFileLock(join(dataDir, 'running.lock'));
  } catch (cause) {
    if (!(cause instanceof FileLockedError)) throw cause;
    throw new StartError(`VibeTribe is running in ${dataDir} already: stop that one, or choose another DATA_DIR.`, {
      cause,
    });
  }
}
