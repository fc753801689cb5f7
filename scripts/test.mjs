import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { exitAs, pinnedNode, prepare, root } from './bootstrap.mjs';
import { runChild } from './run-child.mjs';
import { countVitest, countWithSecondRun, failedFiles, failedTests } from './count-vitest.mjs';

/** What a developer's shell may hold for a real system and no test may use by accident. */
const realSystem = [
  'DATABASE_URL',
  'AUTH_SECRET',
  'ENCRYPTION_KEYS',
  'DATA_DIR',
  'PORT',
  'SANDBOX_PORT',
  'SANDBOX_URL',
  'PUBLIC_URL',
];

const checks = [
  ['lint', 'oxlint', ['--type-aware']],
  ['format', 'oxfmt', ['--check']],
  ['types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['boundaries', 'turbo', ['boundaries']],
  ['unused', 'knip', []],
];

await prepare();
const given = process.argv.slice(2);
const full = given.includes('--full') || process.env.TEST_FULL === '1';
const filters = given.filter((argument) => argument !== '--full');
const seed = process.env.TEST_SEED ?? String(Math.floor(Math.random() * 2 ** 31));
const env = testEnvironment();
const total = { passed: 0, failed: 0, skipped: 0 };
const rerunFilesMax = 5;
let unsteady = [];
const missingSpecs = specsMissing();

console.log(`TEST_SEED=${seed}${full ? ' TEST_FULL=1' : ''}`);
if (filters.length === 0) for (const check of checks) add(await runCheck(check));
add(await runVitest());
if (missingSpecs !== null) console.log(`\n${missingSpecs}`);
if (unsteady.length > 0) console.log('\nFailed beside other tests and passed alone. These are to be mended:');
for (const name of unsteady) console.log(`  ${relative(root, name)}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

/** What cannot be checked is told at the end, where it is seen. */
function specsMissing() {
  const folder = process.env.PLATFORM_SPECS_DIR ?? resolve(root, '../shared/specs');
  if (existsSync(folder)) return null;
  return `NOT CHECKED: requests and answers against the platforms' own descriptions, as ${folder} is missing. Set PLATFORM_SPECS_DIR.`;
}

async function runCheck([name, tool, args]) {
  console.log(`\n== ${name}`);
  const { code } = await run(join(root, 'node_modules', '.bin', tool), args);
  if (code !== 0) console.log(`${name}: failed`);
  return code === 0 ? { passed: 1 } : { failed: 1 };
}

/**
 * A few files that fail beside others are run once more, alone: what fails for want of processor time then passes, and is named.
 * The complete run (`--full`) forgives nothing.
 */
async function runVitest() {
  console.log('\n== tests');
  const first = await vitest([`--sequence.seed=${seed}`, ...filters]);
  const files = first.report === null ? [] : failedFiles(first.report);
  if (full || files.length === 0 || files.length > rerunFilesMax) return countVitest(first.report, first.code);
  console.log(`\n== the files that failed, again and alone: ${files.map((file) => relative(root, file)).join(' ')}`);
  const second = await vitest(['--no-file-parallelism', ...files]);
  if (second.report !== null) unsteady = minus(failedTests(first.report), failedTests(second.report));
  return countWithSecondRun(first.report, second.report, second.code);
}

async function vitest(options) {
  const folder = mkdtempSync(join(tmpdir(), 'vibetribe-test-'));
  const report = join(folder, 'report.json');
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const { code } = await run(pinnedNode, [program, 'run', ...reporters, ...options]);
    return { code, report: readReport(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function minus(names, others) {
  return names.filter((name) => !others.includes(name));
}

async function run(command, args) {
  const outcome = await runChild(command, args, { cwd: root, env, stdin: 'ignore' });
  if (outcome.signal !== null) exitAs(outcome);
  return outcome;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.log(`The test run left no report (${error.code ?? error.name}).`);
    return null;
  }
}

function testEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !realSystem.includes(name));
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const quiet = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  return { ...Object.fromEntries(kept), ...quiet, PATH: path, TEST_SEED: seed, ...(full ? { TEST_FULL: '1' } : {}) };
}

function add({ passed = 0, failed = 0, skipped = 0 }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}
