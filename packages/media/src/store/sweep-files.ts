import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../system-error.ts';

/**
 * Removes files that were not touched since `before`: quarantined uploads of a process that died, renditions and copies that nobody
 * uses. Directories stay: somebody may be about to write into them.
 * @returns how many files were removed, and their bytes
 */
export async function sweepFiles(directory: string, before: Date): Promise<{ files: number; bytes: number }> {
  const swept = { files: 0, bytes: 0 };
  for await (const path of filesBelow(directory)) {
    const bytes = await removeIfOlder(path, before);
    swept.files += bytes === null ? 0 : 1;
    swept.bytes += bytes ?? 0;
  }
  return swept;
}

/** The paths of all files in a directory, which need not be there, and in those below it. */
export async function* filesBelow(directory: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function entriesOf(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

async function removeIfOlder(path: string, before: Date): Promise<number | null> {
  try {
    const { mtime, size } = await stat(path);
    if (mtime >= before) return null;
    await rm(path);
    return size;
  } catch (error) {
    // Somebody else was faster.
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}
