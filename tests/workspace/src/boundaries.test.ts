import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { readRepositoryFile, repositoryFiles, repositoryRoot } from './repository.ts';

const appTags = ['local', 'app', 'sandbox'];
const uses = "import { thing } from '@vibetribe/b/thing';\nexport const used = thing;\n";

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vibetribe-boundaries-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'turbo.json']) {
    copyFileSync(join(repositoryRoot, file), join(root, file));
  }
});

test.each([
  ['leaf', 'adapter'],
  ['leaf', 'core'],
  ['adapter', 'adapter'],
  ['adapter', 'core'],
  ['core', 'app'],
  ['app', 'app'],
  ['app', 'sandbox'],
  ['sandbox', 'adapter'],
  ['sandbox', 'core'],
  ['testkit', 'core'],
])('%s must not import %s', (from, to) => {
  placePackage('a', from, { source: uses, dependencies: ['b'] });
  placePackage('b', to, {});
  const { code, output } = checkBoundaries();
  expect(output).toContain('without any tag listed in allowlist');
  expect(code).toBe(1);
});

test.each([
  ['leaf', 'testkit'],
  ['adapter', 'leaf'],
  ['core', 'adapter'],
  ['app', 'core'],
  ['sandbox', 'leaf'],
  ['local', 'app'],
  ['local', 'sandbox'],
  ['test', 'app'],
])('%s may import %s', (from, to) => {
  placePackage('a', from, { source: uses, dependencies: ['b'] });
  placePackage('b', to, {});
  expect(checkBoundaries()).toMatchObject({ code: 0 });
});

test('an import that package.json does not declare is refused', () => {
  placePackage('a', 'app', { source: uses });
  placePackage('b', 'core', {});
  const { code, output } = checkBoundaries();
  expect(output).toContain('is not a');
  expect(code).toBe(1);
});

test("an import that reaches into another package's folder is refused", () => {
  placePackage('a', 'app', { source: "export { thing } from '../../../packages/b/src/thing.ts';\n" });
  placePackage('b', 'leaf', {});
  const { code, output } = checkBoundaries();
  expect(output).toContain('leaves the package');
  expect(code).toBe(1);
});

test('every package stands on a layer: one without a tag would be under no rule', () => {
  const packages = repositoryFiles().filter((path) =>
    /^(apps|packages|tests)\/[^/]+\/package\.json$|^bench\/package\.json$/.test(path),
  );
  const tags = Object.keys(JSON.parse(readRepositoryFile('turbo.json')).boundaries.tags);
  expect(packages.length).toBeGreaterThan(10);
  for (const path of packages) {
    const configuration = JSON.parse(readRepositoryFile(`${dirname(path)}/turbo.json`));
    expect(tags, path).toContain(configuration.tags[0]);
  }
});

function placePackage(name: string, tag: string, content: { source?: string; dependencies?: string[] }): void {
  const folder = join(root, appTags.includes(tag) ? 'apps' : 'packages', name);
  mkdirSync(join(folder, 'src'), { recursive: true });
  const dependencies = (content.dependencies ?? []).map((dependency) => [`@vibetribe/${dependency}`, 'workspace:*']);
  const manifest = {
    name: `@vibetribe/${name}`,
    version: '0.1.0',
    type: 'module',
    exports: { './*': './src/*.ts' },
    dependencies: Object.fromEntries(dependencies),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'turbo.json'), JSON.stringify({ extends: ['//'], tags: [tag] }));
  writeFileSync(join(folder, 'src/thing.ts'), content.source ?? 'export const thing = 1;\n');
}

function checkBoundaries(): { code: number | null; output: string } {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  const turbo = join(repositoryRoot, 'node_modules/.bin/turbo');
  const { status, stdout, stderr } = spawnSync(turbo, ['boundaries'], { cwd: root, env, encoding: 'utf8' });
  return { code: status, output: `${stdout}${stderr}` };
}
