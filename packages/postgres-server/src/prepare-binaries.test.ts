import { chmod, cp, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canRun } from './can-enter.ts';
import type { Place } from './choose-place.ts';
import { areBinariesComplete, completeBinaries, locateBinaries, type PostgresBinaries } from './locate-binaries.ts';
import { prepareBinaries } from './prepare-binaries.ts';
import { chooseServerAccount } from './server-account.ts';

const isRoot = userInfo().uid === 0;
let home: string;
let installed: PostgresBinaries;
let place: Place;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'binaries-'));
  await chmod(home, 0o711);
  const { root, version } = await locateBinaries();
  installed = { root: join(home, 'closed', 'native'), version };
  await cp(root, installed.root, { recursive: true, verbatimSymlinks: true });
  place = { home, clusterPath: join(home, 'cluster'), account: await chooseServerAccount(join(home, 'cluster')) };
});

afterEach(() => rm(home, { recursive: true }));

test('links and modes that the install script did not make are made at the start', async () => {
  await removeLinks(join(installed.root, 'lib'));
  await chmod(join(installed.root, 'bin', 'postgres'), 0o644);
  expect(await areBinariesComplete(installed.root)).toBe(false);

  await completeBinaries(installed.root);
  expect(await areBinariesComplete(installed.root)).toBe(true);
  expect(await canRun(join(installed.root, 'bin', 'postgres'), place.account)).toBe(true);
});

test.skipIf(!isRoot)(
  'binaries that the account cannot reach are copied once, whatever the umask was (needs root)',
  async () => {
    await chmod(join(installed.root, 'bin'), 0o700);
    await chmod(join(home, 'closed'), 0o700);
    expect(await canRun(join(installed.root, 'bin', 'postgres'), place.account)).toBe(false);

    const [first, second] = await Promise.all([prepareBinaries(place, installed), prepareBinaries(place, installed)]);
    expect(first).toBe(join(home, `binaries-${installed.version}`));
    expect(second).toBe(first);
    expect(await canRun(join(first, 'bin', 'postgres'), place.account)).toBe(true);
    expect((await readdir(home)).filter((name) => name.startsWith('.binaries-'))).toEqual([]);
  },
);

async function removeLinks(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if ((await lstat(join(directory, name))).isSymbolicLink()) await rm(join(directory, name));
  }
}
