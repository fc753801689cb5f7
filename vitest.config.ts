import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Each process that a test starts would otherwise strip and compile the same thousand files again. */
const compileCache = fileURLToPath(new URL('./node_modules/.cache/node', import.meta.url));

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'tests/*/src/**/*.test.ts',
      'bench/src/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    env: { NODE_COMPILE_CACHE: compileCache },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    passWithNoTests: false,
    // A bug that only shows in a fixed order is a bug: the order is drawn from a seed, printed with every run.
    sequence: { shuffle: { files: true, tests: false } },
  },
});
