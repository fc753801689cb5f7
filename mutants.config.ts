import { defineConfig } from 'vitest/config';

/**
 * The tables of cases that must notice a changed state machine, outcome or gate. They are exact and take a moment, a thousand times over;
 * random histories and the walk through all states are left to `npm test`.
 */
export default defineConfig({
  test: {
    include: [
      'packages/core/src/publishing/send/decide-outcome.test.ts',
      'packages/core/src/publishing/claim/{decide-gate,decide-lateness,work-part}.test.ts',
      'packages/core/src/publishing/reconcile/decide-finding.test.ts',
      'packages/core/src/publishing/state/*.test.ts',
    ],
    exclude: [
      'packages/core/src/publishing/state/reducer.test.ts',
      'packages/core/src/publishing/state/state-machine.test.ts',
    ],
    testTimeout: 30_000,
  },
});
