import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { requireDebianPrograms } from './debian-programs.ts';
import { endWithParent } from './end-with-parent.ts';
import { waitFor } from './wait-for.ts';

export interface RunningNginx extends AsyncDisposable {
  readonly url: string;
  /** Where its log files are. */
  readonly directory: string;
}

/** Null, or why tests with nginx have to be skipped. */
export function whyNoNginx(): Promise<string | null> {
  return requireDebianPrograms(['nginx-light'], ['/usr/sbin/nginx']);
}

/**
 * Debian's nginx with a site's file as it stands, except for where it listens, its log's folder and its certificate: it speaks HTTP.
 * @param site the text of the file
 * @param changes texts of it and what they become
 */
export async function startNginx(options: {
  readonly site: string;
  readonly changes: Readonly<Record<string, string>>;
}): Promise<RunningNginx> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'vibetribe-nginx-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const [port, otherPort] = [await findFreePort(), await findFreePort()];
  const changes = {
    'listen 443 ssl;': `listen 127.0.0.1:${port};`,
    'listen 80;': `listen 127.0.0.1:${otherPort};`,
    '/var/log/nginx': directory,
    ...options.changes,
  };
  let site = options.site.replaceAll(/^\s*ssl_certificate.*$/gm, '');
  for (const [text, becomes] of Object.entries(changes)) {
    if (!site.includes(text)) throw new Error(`the site of nginx no longer has: ${text}`);
    site = site.replaceAll(text, becomes);
  }
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  );
  const file = join(directory, 'nginx.conf');
  await writeFile(join(directory, 'site.conf'), site);
  await writeFile(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
     events {} http { ${paths.join(' ')} access_log off; include ${directory}/site.conf; }`,
  );
  const child = spawn('/usr/sbin/nginx', ['-c', file, '-p', directory], { stdio: 'ignore' });
  await once(child, 'spawn');
  const guard = child.pid === undefined ? undefined : endWithParent(child.pid, 'TERM');
  starting.defer(async () => {
    guard?.[Symbol.dispose]();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(() => fetch(url).then(() => true), { describe: 'nginx to listen' });
  const running = starting.move();
  return { url, directory, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
