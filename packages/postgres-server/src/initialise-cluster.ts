import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Place } from './choose-place.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import { reasonFromLog } from './server-log.ts';
import { spawnOptions } from './spawn-options.ts';

/** Makes the cluster unless there is one. It gets its name only when complete, so a start that was cut off begins again. */
export async function initialiseCluster(place: Place, binariesRoot: string, password: string): Promise<void> {
  if (await isInitialised(place.clusterPath)) return;
  const partial = `${place.clusterPath}.new`;
  const passwordPath = join(place.home, '.initdb-password');
  await rm(partial, { recursive: true, force: true });
  await rm(passwordPath, { force: true });
  await mkdir(partial, { mode: 0o700 });
  try {
    await writeFile(passwordPath, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (place.account !== null) {
      await chown(partial, place.account.uid, place.account.gid);
      await chown(passwordPath, place.account.uid, place.account.gid);
    }
    await runInitdb(join(binariesRoot, 'bin', 'initdb'), partial, passwordPath, place);
    await rename(partial, place.clusterPath);
  } finally {
    await rm(passwordPath, { force: true });
  }
}

async function runInitdb(program: string, partial: string, passwordPath: string, place: Place): Promise<void> {
  const args = [
    `--pgdata=${partial}`,
    `--pwfile=${passwordPath}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same order on every machine, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ];
  const child = spawn(program, args, { ...spawnOptions(place.account), stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, code] = await Promise.all([
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close').then(([exitCode]): unknown => exitCode),
  ]).catch((cause: unknown) => {
    throw new PostgresServerError(`PostgreSQL's initdb could not be run at ${program}.`, { cause });
  });
  if (code !== 0)
    throw new PostgresServerError(
      `A new database could not be made in ${place.clusterPath}: ${reasonFromLog(stderr)}.`,
    );
}

async function isInitialised(clusterPath: string): Promise<boolean> {
  return stat(join(clusterPath, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}
