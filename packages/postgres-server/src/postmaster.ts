import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findClusterProcesses, isPostmasterReady, readPostmasterPid } from './cluster-processes.ts';
import type { Place } from './choose-place.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import { sendSignal } from './send-signal.ts';
import { openServerLog, readReason } from './server-log.ts';
import { serverArguments, type ServerSettings } from './server-settings.ts';
import { spawnOptions } from './spawn-options.ts';

export interface Postmaster {
  pid: number;
  /** Resolves when the server process has ended, for whatever reason. */
  exited: Promise<void>;
}

export interface PostmasterOptions {
  place: Place;
  binariesRoot: string;
  /** Beside what every server has. */
  env: Readonly<Record<string, string>>;
  logPath: string;
  settings: ServerSettings;
  timeoutMs: number;
}

const pollMs = 15;

/**
 * Spawns the server in a process group of its own, so that Ctrl-C does not reach it, and waits until it takes connections.
 * @throws PostgresServerError with the reason from the server's log
 */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { place, binariesRoot, logPath, settings } = options;
  await removeForeignPidFile(place.clusterPath);
  const log = await openServerLog(logPath);
  const base = spawnOptions(place.account);
  const child = spawn(join(binariesRoot, 'bin', 'postgres'), serverArguments(place.clusterPath, settings), {
    ...base,
    env: { ...base.env, ...options.env },
    // A file, not a pipe: the server outlives a killed parent and must still be able to log.
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  const exited = watchExit(child);
  child.unref();
  await log.close();

  const deadline = AbortSignal.timeout(options.timeoutMs);
  let hasEnded = false;
  void exited.then(() => (hasEnded = true));
  while (child.pid === undefined || !(await isPostmasterReady(place.clusterPath, child.pid))) {
    if (hasEnded)
      throw new PostgresServerError(`PostgreSQL did not start on ${place.clusterPath}: ${await readReason(logPath)}.`);
    if (deadline.aborted) {
      child.kill('SIGINT');
      throw new PostgresServerError(
        `PostgreSQL on ${place.clusterPath} was not ready within ${options.timeoutMs} ms: ${await readReason(logPath)}.`,
      );
    }
    await delay(pollMs);
  }
  return { pid: child.pid, exited };
}

/**
 * A pid that now is a zombie or belongs to another program makes PostgreSQL refuse to start, for ever.
 * Nothing runs on the cluster here, so such a file says nothing; one of a plainly dead server is left to PostgreSQL's own checks.
 */
async function removeForeignPidFile(clusterPath: string): Promise<void> {
  const pid = await readPostmasterPid(clusterPath);
  if (pid === null || !doesPidExist(pid)) return;
  if ((await findClusterProcesses(clusterPath)).length === 0)
    await rm(join(clusterPath, 'postmaster.pid'), { force: true });
}

function doesPidExist(pid: number): boolean {
  try {
    return sendSignal(pid, 0);
  } catch {
    return true;
  }
}

function watchExit(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}
