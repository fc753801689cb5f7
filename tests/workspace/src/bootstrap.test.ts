import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFixtureCheckout, type FixtureCheckout } from './fixture-checkout.ts';
import { type RunningCommand, runCommand } from './running-command.ts';

test('the first start installs, a second one starts no installer at all', async () => {
  using checkout = createFixtureCheckout();
  await stopped(await running(checkout));
  await stopped(await running(checkout));
  expect(checkout.installsCount()).toBe(1);
});

test.each(['package.json', 'apps/local/package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'])(
  'a change of %s installs again',
  async (path) => {
    using checkout = createFixtureCheckout();
    await stopped(await running(checkout));
    checkout.write(path, path.endsWith('.json') ? '{"type":"module","version":"2.0.0"}' : 'lockfileVersion: 10\n');
    await stopped(await running(checkout));
    expect(checkout.installsCount()).toBe(2);
  },
);

test('two starts at once install once', async () => {
  const slow = `while [ ! -e go ]; do sleep 0.05; done; mkdir -p node_modules/.bin && ln -sf '${process.execPath}' node_modules/.bin/node`;
  using checkout = createFixtureCheckout({ npx: slow });
  const first = start(checkout);
  await first.shows(/Installing/);
  const second = start(checkout);
  await second.shows(/Waiting for another install/);
  checkout.write('go', '');
  await Promise.all([first.shows(/running as/), second.shows(/running as/)]);
  expect(checkout.installsCount()).toBe(1);
  await stopped(first);
  await stopped(second);
});

test("the entry's exit code and arguments are kept", async () => {
  using checkout = createFixtureCheckout();
  const script = start(checkout, ['--exit-7', 'with space']);
  expect(await script.ended).toEqual({ code: 7, signal: null });
  expect(script.output()).toContain('--exit-7 with space');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s to the script alone ends the entry', async (signal) => {
  using checkout = createFixtureCheckout();
  const script = await running(checkout);
  script.kill(signal);
  expect(await script.ended).toEqual({ code: 0, signal: null });
  expect(script.output()).toContain(`stopped by ${signal}`);
});

test.each(['SIGTERM', 'SIGKILL'] as const)('%s to npm alone ends the entry', async (signal) => {
  using checkout = createFixtureCheckout();
  const npm = watched(runCommand('npm', ['start'], { cwd: checkout.root, env: checkout.env }));
  const pid = Number((await npm.shows(/running as (\d+)/))[1]);
  npm.kill(signal);
  await npm.ended;
  expect(npm.output()).toContain('stopped by SIGTERM');
  expect(isAlive(pid)).toBe(false);
});

test('Ctrl-C, which reaches npm, the script and the entry at once, ends them all', async () => {
  using checkout = createFixtureCheckout();
  const npm = watched(runCommand('npm', ['start'], { cwd: checkout.root, env: checkout.env }));
  const pid = Number((await npm.shows(/running as (\d+)/))[1]);
  npm.killGroup('SIGINT');
  await npm.ended;
  expect(npm.output()).toContain('stopped by SIGINT');
  expect(isAlive(pid)).toBe(false);
});

test('an entry whose script was killed outright learns of it', async () => {
  using checkout = createFixtureCheckout();
  const script = await running(checkout);
  script.kill('SIGKILL');
  await script.ended;
  expect(existsSync(join(checkout.root, 'gone'))).toBe(true);
});

test('a failed install is told in a sentence, exits 1 and is tried again', async () => {
  using checkout = createFixtureCheckout({ npx: 'echo "registry away" >&2; exit 1' });
  const script = start(checkout);
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output()).toMatch(/registry away[^]*The install failed .* npm registry/);
  await start(checkout).ended;
  expect(checkout.installsCount()).toBe(2);
});

test('a folder that cannot be installed into is told before anything is tried', async () => {
  using checkout = createFixtureCheckout();
  writeFileSync(join(checkout.root, 'node_modules'), 'in the way');
  const script = start(checkout);
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output()).toMatch(/cannot be written to/);
  expect(checkout.installsCount()).toBe(0);
});

test('a host without npm is told so', async () => {
  using checkout = createFixtureCheckout();
  const script = watched(
    runCommand(process.execPath, ['scripts/start.mjs'], { cwd: checkout.root, env: { PATH: '/nowhere' } }),
  );
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output()).toMatch(/needs npm/);
});

test('the lock of an install that died holds nobody up', async () => {
  using checkout = createFixtureCheckout();
  mkdirSync(join(checkout.root, 'node_modules'));
  checkout.write('node_modules/.install.lock', '4194305');
  await stopped(await running(checkout));
  expect(checkout.installsCount()).toBe(1);
});

test.each(['18.20.4', '20.18.9'])('Node %s is refused in one sentence', async (version) => {
  using checkout = createFixtureCheckout();
  const pretend = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, 'scripts/start.mjs'];
  const script = watched(runCommand(process.execPath, args, { cwd: checkout.root, env: checkout.env }));
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output().trim()).toBe(`VibeTribe needs Node 20.19 or newer to start; this is Node ${version}.`);
});

test('the entry is given what .env adds to the environment, and a variable that is given wins, an empty one too', async () => {
  using checkout = createFixtureCheckout();
  checkout.write(
    '.env',
    `# settings\nFROM_FILE='a b' # quoted\nGIVEN=file\nEMPTY=file\n\nexport EXPORTED="two\nlines"\nNONE=\n`,
  );
  checkout.env['GIVEN'] = 'given';
  checkout.env['EMPTY'] = '';
  const script = start(checkout, ['--show', 'FROM_FILE', 'GIVEN', 'EMPTY', 'EXPORTED', 'NONE']);
  expect(await script.ended).toEqual({ code: 0, signal: null });
  const shown = '{"FROM_FILE":"a b","GIVEN":"given","EMPTY":"","EXPORTED":"two\\nlines","NONE":""}';
  expect(script.output()).toContain(shown);
});

test('a .env that cannot be understood is told by its line, without what it says, before anything is installed', async () => {
  using checkout = createFixtureCheckout();
  checkout.write('.env', '# fine\nFINE=1\nAUTH_SECRET: canary\n');
  const script = start(checkout);
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output().trim()).toBe(
    'The settings could not be read: line 3 of .env is neither NAME=value nor a comment.',
  );
  expect(checkout.installsCount()).toBe(0);
});

test('a .env that cannot be read is told', async () => {
  using checkout = createFixtureCheckout();
  mkdirSync(join(checkout.root, '.env'));
  const script = start(checkout);
  expect(await script.ended).toEqual({ code: 1, signal: null });
  expect(script.output().trim()).toBe('The settings could not be read: .env cannot be read (EISDIR).');
});

function start(checkout: FixtureCheckout, args: string[] = []): RunningCommand {
  const command = ['scripts/start.mjs', ...args];
  return watched(runCommand(process.execPath, command, { cwd: checkout.root, env: checkout.env }));
}

async function running(checkout: FixtureCheckout): Promise<RunningCommand> {
  const script = start(checkout);
  await script.shows(/running as/);
  return script;
}

async function stopped(script: RunningCommand): Promise<void> {
  script.kill('SIGTERM');
  expect(await script.ended).toEqual({ code: 0, signal: null });
}

/** Whatever a failed test leaves running is ended with it. */
function watched(command: RunningCommand): RunningCommand {
  onTestFinished(() => {
    if (isAlive(command.pid)) command.killGroup('SIGKILL');
  });
  return command;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
