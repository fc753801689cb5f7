import { access, constants, mkdir } from 'node:fs/promises';
import { passableMode } from '@vibetribe/postgres-server/passable-mode';
import { lockDataDir } from './data-dir-lock.ts';
import { StartError } from './start-error.ts';

/**
 * Makes the data directory if it is missing and takes it for this process.
 * @throws StartError when it cannot be written to or another process runs on it
 */
export async function openDataDir(dataDir: string): Promise<Disposable> {
  try {
    await mkdir(dataDir, { recursive: true, mode: passableMode() });
    await access(dataDir, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new StartError(`The data directory ${dataDir} cannot be written to${code}: choose another with DATA_DIR.`, {
      cause,
    });
  }
  return lockDataDir(dataDir);
}
