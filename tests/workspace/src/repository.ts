import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, without a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Every file git knows or would add, as paths from the root. */
export function repositoryFiles(): string[] {
  const listing = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 32 * 1024 * 1024,
  });
  return [...new Set(listing.split('\0').filter((path) => path !== ''))];
}

export function readRepositoryFile(path: string): string {
  return readFileSync(`${repositoryRoot}/${path}`, 'utf8');
}
