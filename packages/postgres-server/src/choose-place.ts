import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canEnter } from './can-enter.ts';
import { copyCluster } from './copy-cluster.ts';
import { makeOutsideHome, requireOwnHome } from './outside-home.ts';
import { chooseServerAccount, type ServerAccount } from './server-account.ts';

export interface Place {
  /** PostgreSQL's own data directory; may not exist yet. */
  clusterPath: string;
  /** Where the cluster lies: `dataDir`, or a directory of the account's own when it may not enter `dataDir`. */
  home: string;
  account: ServerAccount | null;
}

/**
 * Decides where the cluster lies and who runs it. The account may not enter every directory (root's home is 0700). Below such a one the
 * cluster goes to a directory of its own, and `dataDir/cluster` becomes a link that the next start follows. The caller holds the lock of
 * `dataDir`.
 * @param dataDir absolute path without links, which exists
 * @param endProcesses ends whatever runs on a cluster
 */
export async function choosePlace(
  dataDir: string,
  endProcesses: (clusterPath: string) => Promise<void>,
): Promise<Place> {
  const inside = join(dataDir, 'cluster');
  await finishMove(dataDir);
  await endProcesses(inside);
  const account = await chooseServerAccount(inside);
  const linked = await readlink(inside).catch(() => null);
  if (linked !== null) {
    const home = dirname(linked);
    await requireOwnHome(home, dataDir, account);
    return { clusterPath: linked, home, account };
  }
  if (account === null || (await canEnter(dataDir, account))) return { clusterPath: inside, home: dataDir, account };

  const home = await makeOutsideHome(dataDir, account);
  const clusterPath = join(home, 'cluster');
  await endProcesses(clusterPath);
  await setAside(clusterPath);
  if (await isDirectory(inside)) await copyCluster(inside, clusterPath, account);
  await rm(linkBeingMade(dataDir), { force: true });
  await symlink(clusterPath, linkBeingMade(dataDir));
  if (await isDirectory(inside)) await rename(inside, movedCluster(dataDir));
  await finishMove(dataDir);
  return { clusterPath, home, account };
}

/** Puts the link in its place once nothing else is there; the link alone is what makes a move complete. */
async function finishMove(dataDir: string): Promise<void> {
  const inside = join(dataDir, 'cluster');
  if (await isDirectory(inside)) return;
  await rename(linkBeingMade(dataDir), inside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(movedCluster(dataDir), { recursive: true, force: true });
}

/** Data that no link leads to belongs to a `dataDir` that was deleted: it must not come back, and is kept once. */
async function setAside(clusterPath: string): Promise<void> {
  if (!(await isDirectory(clusterPath))) return;
  const previous = `${clusterPath}.previous`;
  await rm(previous, { recursive: true, force: true });
  await rename(clusterPath, previous);
}

function linkBeingMade(dataDir: string): string {
  return join(dataDir, 'cluster.link');
}

function movedCluster(dataDir: string): string {
  return join(dataDir, 'cluster.moved');
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
