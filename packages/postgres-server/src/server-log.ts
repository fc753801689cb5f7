import { open, readFile, rename, type FileHandle } from 'node:fs/promises';

/** Opens a fresh log for one run; the run before it stays as `<path>.previous`. */
export async function openServerLog(path: string): Promise<FileHandle> {
  await rename(path, `${path}.previous`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return open(path, 'a', 0o600);
}

/** The last thing the server complained of, in one line: what an operator needs to read. */
export async function readReason(path: string): Promise<string> {
  return reasonFromLog(await readFile(path, 'utf8').catch(() => ''));
}

/** Picks the gravest line out of PostgreSQL's log text. */
export function reasonFromLog(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const gravest = ['PANIC:', 'FATAL:', 'ERROR:', 'error:'].flatMap((level) =>
    lines.filter((line) => line.includes(level)).slice(-1),
  );
  const line = gravest[0] ?? lines.at(-1);
  if (line === undefined) return 'it left no reason in its log';
  return line.replace(/^.*?(?:PANIC|FATAL|ERROR|error):\s*/, '');
}
