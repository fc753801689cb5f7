import { rm, stat } from 'node:fs/promises';
import { isSystemError } from '../system-error.ts';
import { filesBelow } from './sweep-files.ts';

interface Group {
  /** Of everything that belongs to one file: itself, its record. */
  readonly paths: string[];
  bytes: number;
  usedAtMs: number;
}

/**
 * Removes what was not used for longest until no more than so many files and bytes are left. Of `keep`, which has just been made,
 * nothing is removed.
 */
export async function trimFiles(
  directory: string,
  { bytesMax, filesMax, keep }: { readonly bytesMax: number; readonly filesMax: number; readonly keep: string },
): Promise<void> {
  const groups = await groupsIn(directory);
  const oldestFirst = [...groups.entries()].toSorted(([, one], [, other]) => one.usedAtMs - other.usedAtMs);
  let files = groups.size;
  let bytes = oldestFirst.reduce((sum, [, group]) => sum + group.bytes, 0);
  for (const [name, group] of oldestFirst) {
    if (files <= filesMax && bytes <= bytesMax) return;
    if (name === keep) continue;
    for (const path of group.paths) await rm(path, { force: true });
    files -= 1;
    bytes -= group.bytes;
  }
}

/** By the path of the file itself. */
async function groupsIn(directory: string): Promise<Map<string, Group>> {
  const groups = new Map<string, Group>();
  for await (const path of filesBelow(directory)) {
    // Still being written, by somebody who may be at work.
    if (path.includes('.part')) continue;
    const facts = await stat(path).catch((error: unknown) => {
      // Somebody else was faster.
      if (isSystemError(error, 'ENOENT')) return null;
      throw error;
    });
    if (facts === null) continue;
    const name = path.replace(/\.json$/, '');
    const group = groups.get(name) ?? { paths: [], bytes: 0, usedAtMs: 0 };
    group.paths.push(path);
    group.bytes += facts.size;
    group.usedAtMs = Math.max(group.usedAtMs, facts.mtimeMs);
    groups.set(name, group);
  }
  return groups;
}
