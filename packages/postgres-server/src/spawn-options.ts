import type { SpawnOptions } from 'node:child_process';
import type { ServerAccount } from './server-account.ts';

/** Runs a child as the account, in a directory that every account may enter, without the secrets of our environment. */
export function spawnOptions(account: ServerAccount | null): SpawnOptions {
  return { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, ...account };
}
