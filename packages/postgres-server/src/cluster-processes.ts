import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { platform } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PostgresServerError } from './postgres-server-error.ts';
import { sendSignal } from './send-signal.ts';

const pollMs = 20;

/**
 * Ends every PostgreSQL process on the cluster and waits for it: fast shutdown first, then immediate, then SIGKILL.
 * A dead parent's server, and the orphans of a dead server, are found this way; zombies and foreign pids are not.
 * @throws PostgresServerError when one outlives everything
 */
export async function endClusterProcesses(
  clusterPath: string,
  timeoutMs: { fast: number; immediate: number },
): Promise<void> {
  const steps = [
    { signal: 'SIGINT', waitMs: timeoutMs.fast },
    { signal: 'SIGQUIT', waitMs: timeoutMs.immediate },
    { signal: 'SIGKILL', waitMs: timeoutMs.immediate },
  ] as const;
  for (const { signal, waitMs } of steps) {
    const pids = await findClusterProcesses(clusterPath);
    if (pids.length === 0) return;
    // The postmaster alone is asked to stop and ends its own; without it its orphans are signalled themselves.
    const postmaster = await readPostmasterPid(clusterPath);
    const targets = postmaster !== null && pids.includes(postmaster) && signal !== 'SIGKILL' ? [postmaster] : pids;
    for (const pid of targets) signalServer(pid, signal);
    if (await waitUntilGone(clusterPath, waitMs)) return;
  }
  const left = await findClusterProcesses(clusterPath);
  if (left.length > 0)
    throw new PostgresServerError(`PostgreSQL process ${left.join(', ')} on ${clusterPath} does not end.`);
}

/** Pids of the live PostgreSQL processes whose working directory is the cluster, which is so for all of a server's. */
export async function findClusterProcesses(clusterPath: string): Promise<number[]> {
  const cluster = await realpath(clusterPath).catch(() => null);
  if (cluster === null) return [];
  if (platform() !== 'linux') return findByPidFile(cluster);
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // A zombie's links cannot be read, so it does not count.
    const directory = await readlink(`/proc/${name}/cwd`).catch(() => null);
    if (directory !== cluster) continue;
    const program = await readlink(`/proc/${name}/exe`).catch(() => '');
    if (basename(program.replace(/ \(deleted\)$/, '')) === 'postgres') pids.push(Number(name));
  }
  return pids;
}

/** The pid in `postmaster.pid`, which proves nothing by itself, or null without such a file. */
export async function readPostmasterPid(clusterPath: string): Promise<number | null> {
  const text = await readFile(join(clusterPath, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

/** Line 8 of `postmaster.pid`: the server's own word on whether it takes connections. */
export async function isPostmasterReady(clusterPath: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(clusterPath, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

async function findByPidFile(cluster: string): Promise<number[]> {
  const pid = await readPostmasterPid(cluster);
  if (pid === null) return [];
  const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'stat=,command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  const alive = stdout.includes(cluster) && stdout.includes('postgres') && !stdout.trimStart().startsWith('Z');
  return alive ? [pid] : [];
}

async function waitUntilGone(clusterPath: string, waitMs: number): Promise<boolean> {
  const deadline = AbortSignal.timeout(waitMs);
  while (!deadline.aborted) {
    if ((await findClusterProcesses(clusterPath)).length === 0) return true;
    await delay(pollMs);
  }
  return false;
}

function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    sendSignal(pid, signal);
  } catch (cause) {
    throw new PostgresServerError(`PostgreSQL process ${pid} is still running and may not be stopped by this user.`, {
      cause,
    });
  }
}
