import { createHash } from 'node:crypto';
import { chmod, chown, cp, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { canEnter } from './can-enter.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import { chooseServerAccount, type ServerAccount } from './server-account.ts';

export interface Place {
  /** PostgreSQL's own data directory; may not exist yet. */
  clusterPath: string;
  /** Where the cluster lies: `dataDir`, or a directory of the account's own when it may not enter `dataDir`. */
  home: string;
  account: ServerAccount | null;
}

const outsideRoots = ['/var/lib', '/var/tmp'];

/**
 * Decides where the cluster lies and who runs it. Below a directory that the account may not enter (root's 0700 home)
 * the cluster goes to a directory of its own, and `dataDir/cluster` becomes a link to it that the next start follows.
 * The caller holds the lock of `dataDir`, and nothing runs on the cluster.
 * @param dataDir absolute path without links, which exists
 */
export async function choosePlace(dataDir: string): Promise<Place> {
  const inside = join(dataDir, 'cluster');
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
  if (await isDirectory(inside)) {
    // A copy under its final name is complete: an earlier start died before it removed the original.
    if (!(await isDirectory(clusterPath))) await copyTree(inside, clusterPath, account);
    await rm(inside, { recursive: true });
  }
  await symlink(clusterPath, inside);
  return { clusterPath, home, account };
}

async function makeOutsideHome(dataDir: string, account: ServerAccount): Promise<string> {
  const name = `vibetribe-postgres-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  let cause: unknown;
  for (const root of outsideRoots) {
    const home = join(root, name);
    try {
      await mkdir(home, { mode: 0o700 });
      await chown(home, account.uid, account.gid);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        cause = error;
        continue;
      }
      // An earlier start died between making it and handing it over; root's own empty directory is safe to take.
      const found = await lstat(home);
      if (found.isDirectory() && found.uid === 0) await chown(home, account.uid, account.gid);
    }
    await requireOwnHome(home, dataDir, account);
    if (await canEnter(home, account)) return home;
  }
  throw new PostgresServerError(
    `The account that runs PostgreSQL may not enter ${dataDir}, and no place for it was found in ${outsideRoots.join(' or ')}.`,
    { cause },
  );
}

async function requireOwnHome(home: string, dataDir: string, account: ServerAccount | null): Promise<void> {
  const found = await lstat(home).catch(() => null);
  if (found === null) {
    throw new PostgresServerError(
      `${join(dataDir, 'cluster')} points to ${home}, which is gone: restore that directory, or remove the link to begin with an empty database.`,
    );
  }
  const uid = account?.uid ?? userInfo().uid;
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new PostgresServerError(
      `${home} is not a private directory of the account that runs PostgreSQL; remove it or choose another DATA_DIR.`,
    );
  }
}

async function copyTree(from: string, to: string, account: ServerAccount): Promise<void> {
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

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
