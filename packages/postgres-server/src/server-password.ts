import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** The superuser's password: generated at the first start and kept at `path`, readable to its owner only. */
export async function readOrMakePassword(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (kept.trim() !== '') return kept.trim();
  const password = randomBytes(24).toString('base64url');
  const partial = `${path}.new`;
  await writeFile(partial, `${password}\n`, { mode: 0o600 });
  await rename(partial, path);
  return password;
}
