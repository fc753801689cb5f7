import { defineConfig } from 'vitest/config';

/** The tests that must notice a changed state machine, outcome or gate: pure, so that each mutant takes a moment. */
export default defineConfig({
  test: {
    include: [
      'packages/core/src/publishing/send/decide-outcome.test.ts',
      'packages/core/src/publishing/claim/decide-gate.test.ts',
      'packages/core/src/publishing/state/*.test.ts',
    ],
    testTimeout: 30_000,
  },
});
