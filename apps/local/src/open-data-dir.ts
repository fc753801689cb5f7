import { access, constants, mkdir } from 'node:fs/promises';
import { lockDataDir } from './data-dir-lock.ts';
import { StartError } from './start-error.ts';

/** Others may pass through to the database's own folder, which a root system runs under another account; they list nothing. */
const dataDirMode = 0o711;

/**
 * Makes the data directory if it is missing and takes it for this process.
 * @throws StartError when it cannot be written to or another process runs on it
 */
export async function openDataDir(dataDir: string): Promise<Disposable> {
  try {
    await mkdir(dataDir, { recursive: true, mode: dataDirMode });
    await access(dataDir, constants.W_OK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new StartError(`The data directory ${dataDir} cannot be written to${code}: choose another with DATA_DIR.`, {
      cause,
    });
  }
  return lockDataDir(dataDir);
}
