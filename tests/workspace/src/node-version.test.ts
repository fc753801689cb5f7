import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryRoot } from './repository.ts';
import { runCommand } from './running-command.ts';

const apps = ['api', 'publisher', 'cron', 'migrate', 'sandbox'];
const mains = apps.map((app) => `apps/${app}/src/main.ts`);

test.each(mains)('an older Node that is given %s says in one sentence what it needs', async (main) => {
  const pretend = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})`;
  const command = runCommand(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, main],
    { cwd: repositoryRoot },
  );
  expect(await command.ended).toEqual({ code: 1, signal: null });
  expect(command.output().trim()).toMatch(/^VibeTribe needs Node 24 or newer, and this is Node 20\.19\.0: [^\n]+\.$/);
});

test.each(mains)('%s is CommonJS without types, which Node 20 reads too', (main) => {
  const entry = relative(repositoryRoot, realpathSync(join(repositoryRoot, main)));
  expect(JSON.parse(readRepositoryFile(join(dirname(entry), 'package.json')))).toEqual({ type: 'commonjs' });
  expect(() => new Script(readRepositoryFile(entry))).not.toThrow();
});
