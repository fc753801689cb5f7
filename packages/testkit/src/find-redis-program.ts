import { access, constants } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { installPackages } from './debian-programs.ts';

const names = ['redis-server', 'valkey-server'];

/** Path of a Redis server: from PATH, else installed from Debian's package where we are root and apt is there. */
export async function findRedisProgram(): Promise<string> {
  const found = await findOnPath();
  if (found !== null) return found;
  const advice = 'The tests need Redis: install redis-server or valkey-server, or set REDIS_URL.';
  if (userInfo().uid !== 0) throw new Error(advice);
  try {
    await installPackages(['redis-server']);
  } catch (cause) {
    throw new Error(advice, { cause });
  }
  const installed = await findOnPath();
  if (installed === null) throw new Error(advice);
  return installed;
}

async function findOnPath(): Promise<string | null> {
  const directories = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  for (const name of names) {
    for (const directory of directories) {
      const path = join(directory, name);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
  }
  return null;
}
