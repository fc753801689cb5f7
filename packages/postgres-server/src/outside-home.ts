import { createHash } from 'node:crypto';
import { chown, lstat, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { canEnter } from './can-enter.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import type { ServerAccount } from './server-account.ts';

const outsideRoots = ['/var/lib', '/var/tmp'];

/** A private directory of the account's own for the data of `dataDir`; the same one for the same `dataDir`. */
export async function makeOutsideHome(dataDir: string, account: ServerAccount): Promise<string> {
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

/** @throws PostgresServerError unless the directory is there, private and the account's */
export async function requireOwnHome(home: string, dataDir: string, account: ServerAccount | null): Promise<void> {
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
