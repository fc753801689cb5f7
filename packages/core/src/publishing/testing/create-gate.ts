import { waitFor } from '@vibetribe/testkit/wait-for';
import { type FailpointName, type Failpoints, noFailpoints } from '../failpoints.ts';

/** Holds runs at these places until it is opened. */
export function createGate(names: readonly FailpointName[]): {
  failpoints: Failpoints;
  reachedBy(runs: number): Promise<void>;
  open(): void;
} {
  const opened = Promise.withResolvers<void>();
  let reached = 0;
  return {
    failpoints: {
      ...noFailpoints,
      async reach(name) {
        if (!names.includes(name)) return;
        reached += 1;
        await opened.promise;
      },
    },
    async reachedBy(runs) {
      await waitFor(() => reached >= runs, { describe: `${runs} runs come to the gate`, timeoutMs: 25_000 });
    },
    open: () => opened.resolve(),
  };
}
