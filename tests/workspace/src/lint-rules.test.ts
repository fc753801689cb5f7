import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from './repository.ts';

const readsClock = 'export const now = Date.now();\n';
const usesTestkit = "import { waitFor } from '@vibetribe/testkit/wait-for';\nexport const used = waitFor;\n";

/** [rule, file, source]: the file must be refused under that rule. */
const refused: [string, string, string][] = [
  [
    'typescript(no-floating-promises)',
    'packages/a/src/floating.ts',
    'async function act() {}\nexport function go() { act(); }\n',
  ],
  [
    'typescript(no-misused-promises)',
    'packages/a/src/misused.ts',
    'async function is() { return true; }\nexport function go() { if (is()) return 1; return 2; }\n',
  ],
  [
    'typescript(switch-exhaustiveness-check)',
    'packages/a/src/switch.ts',
    "export function go(of: 'one' | 'two') { switch (of) { case 'one': return 1; } }\n",
  ],
  ['typescript(no-explicit-any)', 'packages/a/src/any.ts', 'export const anything: any = 1;\n'],
  [
    'typescript(no-non-null-assertion)',
    'packages/a/src/assertion.ts',
    'export const go = (of?: { one: number }) => of!.one;\n',
  ],
  ['import(no-default-export)', 'packages/a/src/default.ts', 'export default 1;\n'],
  ['import(no-cycle)', 'packages/a/src/cycle-a.ts', "import { b } from './cycle-b.ts';\nexport const a = () => b;\n"],
  ['node(no-process-env)', 'packages/a/src/env.ts', "export const port = process.env['PORT'];\n"],
  ['eslint(no-restricted-globals)', 'packages/a/src/process.ts', 'export const id = process.pid;\n'],
  [
    'eslint(no-restricted-imports)',
    'packages/a/src/node-process.ts',
    "import { pid } from 'node:process';\nexport const id = pid;\n",
  ],
  ['eslint(no-restricted-properties)', 'packages/a/src/clock.ts', readsClock],
  ['eslint(no-restricted-properties)', 'packages/a/src/random.ts', 'export const drawn = Math.random();\n'],
  ['eslint(no-restricted-imports)', 'packages/a/src/testkit.ts', usesTestkit],
  [
    'eslint(no-restricted-imports)',
    'packages/a/src/inside.ts',
    "import { part } from '@vibetribe/b/internal/part';\nexport const used = part;\n",
  ],
  ['eslint(no-console)', 'packages/a/src/console.ts', "console.log('shown');\n"],
  ['eslint(no-empty)', 'packages/a/src/empty-catch.ts', "export function go() { try { JSON.parse('{'); } catch {} }\n"],
  [
    'eslint(preserve-caught-error)',
    'packages/a/src/cause.ts',
    "export function go() { try { JSON.parse('{'); } catch (error) { throw new Error('no'); } }\n",
  ],
  ['eslint(max-lines)', 'packages/a/src/long.ts', 'export {};\n'.repeat(401)],
  ['eslint(no-warning-comments)', 'packages/a/src/later.ts', '// TODO: finish\nexport {};\n'],
];

/** [file, source]: where the rule does not hold. */
const allowed: [string, string][] = [
  ['apps/a/src/main.ts', `${readsClock}export const port = process.env['PORT'];\nconsole.log(Math.random());\n`],
  ['apps/a/src/config.ts', readsClock],
  ['packages/a/src/clock.test.ts', readsClock],
  ['packages/a/src/testkit.test.ts', usesTestkit],
  ['tests/e2e/src/testkit.ts', usesTestkit],
  ['vitest.config.ts', 'export default {};\n'],
];

let findings: { code: string; filename: string }[] = [];

beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'vibetribe-lint-'));
  try {
    findings = lint(root);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.each(refused)('%s refuses %s', (rule, file) => {
  expect(findings).toContainEqual(expect.objectContaining({ code: rule, filename: file }));
});

test.each(allowed)('%s may do what others may not', (file) => {
  expect(findings.filter((finding) => finding.filename === file)).toEqual([]);
});

function lint(root: string): typeof findings {
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'tsconfig.base.json']) {
    copyFileSync(join(repositoryRoot, file), join(root, file));
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  const counterpart: [string, string] = [
    'packages/a/src/cycle-b.ts',
    "import { a } from './cycle-a.ts';\nexport const b = () => a;\n",
  ];
  for (const [file, source] of [...refused.map(([, ...rest]) => rest), ...allowed, counterpart]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), source);
  }
  const oxlint = join(repositoryRoot, 'node_modules/.bin/oxlint');
  const { stdout } = spawnSync(oxlint, ['--type-aware', '--format', 'json'], { cwd: root, encoding: 'utf8' });
  return JSON.parse(stdout).diagnostics;
}
