import { execFile } from 'node:child_process';
import { chown, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';

const run = promisify(execFile);

/**
 * Copies a cluster while everybody works on it, as a base backup does: PostgreSQL is told of its beginning and its end, and what was
 * written meanwhile is read from the log at the next start.
 */
export async function copyRunningCluster(client: pg.Client, from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await client.query(`select pg_backup_start('chaos', true)`);
  await copyTree(from, to, ['./postmaster.pid', './postmaster.opts', './pg_wal/*', './pg_replslot/*']);
  const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
  await copyTree(join(from, 'pg_wal'), join(to, 'pg_wal'), []);
  const label = join(to, 'backup_label');
  await writeFile(label, rows[0]?.labelfile ?? '');
  // The server runs as another account when we run as root.
  const { uid, gid } = await stat(from);
  await chown(label, uid, gid);
}

/** The cluster must be down. */
export async function putBackCluster(copy: string, cluster: string): Promise<void> {
  await run('find', [cluster, '-mindepth', '1', '-delete']);
  await copyTree(copy, cluster, []);
}

/** Files that vanish or grow while they are read do not matter: the log has them. */
async function copyTree(from: string, to: string, without: readonly string[]): Promise<void> {
  const leftOut = without.map((path) => `--exclude=${path}`);
  const script = 'mkdir -p "$2" && tar -C "$1" -c --ignore-failed-read --warning=none "${@:3}" . | tar -C "$2" -xp';
  await run('bash', ['-c', script, 'bash', from, to, ...leftOut], { maxBuffer: 64 * 1024 * 1024 });
}
