import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { arch, userInfo } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installTimeoutMs = 180_000;
const machines: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** Path of libfaketime for processes with threads: the installed one, else Debian's package where we are root. Null where neither is. */
export async function findFaketimeLibrary(): Promise<string | null> {
  const paths = [
    `/usr/lib/${machines[arch()] ?? 'none'}/faketime/libfaketimeMT.so.1`,
    '/usr/lib/faketime/libfaketimeMT.so.1',
  ];
  const installed = await firstReadable(paths);
  if (installed !== null || userInfo().uid !== 0) return installed;
  const options = { timeout: installTimeoutMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', 'libfaketime'], options);
  // A fresh machine has no package lists, or old ones.
  await install()
    .catch(() => run('apt-get', ['update'], options).then(install))
    .catch(() => null);
  return firstReadable(paths);
}

/** Environment of a process whose wall clock is off; timers keep their pace. */
export function skewedClock(library: string, offsetSeconds: number): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME: `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

async function firstReadable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}
