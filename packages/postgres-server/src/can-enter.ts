import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerAccount } from './server-account.ts';
import { spawnOptions } from './spawn-options.ts';

/** Whether the account can enter the directory, asked of the kernel rather than worked out from mode bits (ACLs, mounts). */
export async function canEnter(directory: string, account: ServerAccount | null): Promise<boolean> {
  return account === null || runsCleanly('/bin/sh', ['-c', 'cd -- "$1" 2>/dev/null', 'sh', directory], account);
}

/** Whether the account can reach and run the program. */
export async function canRun(program: string, account: ServerAccount | null): Promise<boolean> {
  return runsCleanly(program, ['--version'], account);
}

async function runsCleanly(program: string, args: string[], account: ServerAccount | null): Promise<boolean> {
  const child = spawn(program, args, { ...spawnOptions(account), stdio: 'ignore' });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch {
    return false;
  }
}
