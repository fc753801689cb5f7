import { open, rename, rm } from 'node:fs/promises';

/** Replaces a file in one step, readable by its owner only: whoever reads it sees the old content or the new, never a part. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
