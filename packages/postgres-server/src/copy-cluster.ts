import { chmod, chown, cp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerAccount } from './server-account.ts';

/** Copies a cluster and gives it to the account. It gets its name only when complete. */
export async function copyCluster(from: string, to: string, account: ServerAccount): Promise<void> {
  const partial = `${to}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(from, partial, { recursive: true, verbatimSymlinks: true });
  await ownTree(partial, account);
  await rename(partial, to);
}

async function ownTree(path: string, account: ServerAccount): Promise<void> {
  await chmod(path, 0o700);
  await chown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await ownTree(child, account);
    else if (entry.isFile()) await chown(child, account.uid, account.gid);
  }
}
