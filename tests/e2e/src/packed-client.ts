import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const clientFolder = join(root, 'packages/client');

/** What a project installs beside the client, from here: a test must not depend on a registry. */
const besides = ['openapi-fetch', 'openapi-typescript-helpers', 'ws', '@types/ws', '@types/node'];

/** The client as `npm pack` makes it, installed by npm in a folder outside the workspace. */
export async function installPackedClient(folder: string): Promise<void> {
  const packed = join(folder, 'packed');
  await mkdir(packed);
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: clientFolder });
  const own = stdout.split('\n').filter((line) => line.endsWith('.tgz'));
  const others = await Promise.all(
    [...besides.map(folderOf), undiciTypes()].map((from, at) => archive(from, packed, at)),
  );
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true, type: 'module' }));
  const files = [...own, ...others].map((name) => join(packed, name));
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quiet, ...files], { cwd: folder });
}

/** A package as the registry gave it: packed anew, it would be without what its own list of files leaves out. */
async function archive(from: string, to: string, at: number): Promise<string> {
  const copy = join(to, String(at));
  await cp(from, join(copy, 'package'), { recursive: true, dereference: true });
  await run('tar', ['-czf', join(to, `${at}.tgz`), '-C', copy, 'package']);
  return `${at}.tgz`;
}

/** Checks and compiles a program there, as its own project would. */
export async function compileOutside(folder: string, name: string, program: string): Promise<string> {
  await writeFile(join(folder, `${name}.ts`), program);
  const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', `${name}.ts`];
  const faults = await run(join(root, 'node_modules/.bin/tsc'), options, { cwd: folder }).then(
    () => '',
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  if (faults !== '') throw new Error(faults);
  return join(folder, `${name}.js`);
}

/** The Node that the machine has, which may be older than ours: the first one that is not of an `npm` script's own path. */
export function hostNode(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path)) ?? process.execPath;
}

/** Where a package lies that the client, or this package, uses. */
function folderOf(name: string): string {
  const lookIn = [clientFolder, join(root, 'tests/e2e'), root].map((folder) => join(folder, 'node_modules', name));
  return lookIn.find((folder) => existsSync(folder)) ?? name;
}

function undiciTypes(): string {
  const types = createRequire(join(root, 'package.json')).resolve('@types/node/package.json');
  return dirname(createRequire(types).resolve('undici-types/package.json'));
}

/** The README's blocks of one language, in their order. */
export async function readmeBlocks(language: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'));
  return [...blocks].map(([, block]) => block).join('\n');
}
