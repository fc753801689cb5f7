import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from './repository.ts';

export interface FixtureCheckout extends Disposable {
  readonly root: string;
  /** For a PATH that finds the stand-in for npx first. */
  readonly env: Record<string, string>;
  installsCount(): number;
  write(path: string, content: string): void;
}

const entry = `
import { existsSync, rmSync, writeFileSync } from 'node:fs';
// The run before may have left it.
rmSync('gone', { force: true });
const leave = (why: string, code: number) => {
  console.log(why);
  process.exit(code);
};
process.on('SIGTERM', () => leave('stopped by SIGTERM', 0));
process.on('SIGINT', () => leave('stopped by SIGINT', 0));
process.on('disconnect', () => writeFileSync('gone', ''));
console.log('running as', process.pid, process.argv.slice(2).join(' '));
const [option, ...shown] = process.argv.slice(2);
if (option === '--show') leave(JSON.stringify(Object.fromEntries(shown.map((name) => [name, process.env[name]]))), 0);
if (process.argv.includes('--exit-7')) process.exit(7);
setInterval(() => existsSync('gone') && process.exit(0), 50);
`;

/** A folder (with a space in its name) that holds our scripts, a stand-in for npx that counts its calls, and an entry that only waits. */
export function createFixtureCheckout(options: { npx?: string } = {}): FixtureCheckout {
  const folder = mkdtempSync(join(tmpdir(), 'vibetribe checkout '));
  const root = join(folder, 'the root');
  const calls = join(folder, 'npx-calls');
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  cpSync(join(repositoryRoot, 'scripts'), join(root, 'scripts'), { recursive: true });
  write('package.json', JSON.stringify({ type: 'module', scripts: { start: 'exec node scripts/start.mjs' } }));
  write('pnpm-lock.yaml', 'lockfileVersion: 9\n');
  write('pnpm-workspace.yaml', 'packages: [apps/*]\n');
  write('apps/local/package.json', '{}');
  write('apps/local/src/main.ts', entry);
  const install = `mkdir -p node_modules/.bin && ln -sf '${process.execPath}' node_modules/.bin/node`;
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/npx'), `#!/bin/sh\necho call >> '${calls}'\n${options.npx ?? install}\n`);
  chmodSync(join(folder, 'bin/npx'), 0o755);
  return {
    root,
    env: { PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
    installsCount: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0),
    write,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
