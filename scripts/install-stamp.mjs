import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const packageFolders = ['apps', 'packages', 'tests'];

/** A digest of everything an install depends on: the lockfile, every package.json, the workspace file and this platform. */
export function installStamp(root) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const path of inputs(root)) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

function inputs(root) {
  const nested = packageFolders.flatMap((folder) => manifestsBelow(root, folder));
  const all = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'bench/package.json', ...nested];
  return all.filter((path) => existsSync(join(root, path)));
}

function manifestsBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .sort()
    .map((name) => `${folder}/${name}/package.json`);
}
