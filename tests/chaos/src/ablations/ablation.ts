import type { Protection } from '@vibetribe/core/publishing/failpoints';
import type { SpawnedApp } from '@vibetribe/testkit/spawn-app';
import { waitFor } from '@vibetribe/testkit/wait-for';
import type { ViolationKind } from '../violation.ts';
import type { Lab, LabPost } from '../lab.ts';

/** A protection, and the scenario in which it is the one that prevents the harm. */
export interface Ablation {
  readonly protection: Protection;
  /** Taken away in both runs, with it and without it: what would prevent the same harm once more. */
  readonly companions: readonly Protection[];
  /** The check that finds the harm. */
  readonly caughtAs: ViolationKind;
  /** Resolves when the post has ended, or when it is plain that it never will, and nobody has it in hand any more. */
  run(lab: Lab, without: readonly Protection[]): Promise<LabPost>;
}

/**
 * All scenarios use it: once `stable_key` is taken away, its record key is another one for every send. Elsewhere the platform protects
 * too: Mastodon compares what it gets, and X refuses a text that it has.
 */
export const ablationPlatform = 'bluesky';
const publishPath = 'putRecord';

export const endTimeoutMs = 120_000;
const reachTimeoutMs = 120_000;

export async function reached(victim: SpawnedApp, failpoint: string): Promise<void> {
  await waitFor(() => victim.output().includes(`{"msg":"failpoint","name":"${failpoint}"`), {
    timeoutMs: reachTimeoutMs,
    describe: () => `${failpoint} is reached:\n${victim.output()}`,
  });
}

/** Strikes the next send of the lab's account; `clear` throws if there was none: a scenario that did not happen proves nothing. */
export async function faultOnSend(
  lab: Lab,
  fault: { kind: string; delayMs?: number },
): Promise<{ clear(): Promise<void> }> {
  const id = await lab.sandbox.addFault({
    ...fault,
    platform: ablationPlatform,
    account: accountOf(lab),
    method: 'POST',
    pathIncludes: publishPath,
    times: 1,
  });
  return {
    async clear() {
      if ((await lab.sandbox.strikesOf(id)) !== 1) throw new Error(`the fault ${fault.kind} has not struck`);
      await lab.sandbox.removeFault(id);
    },
  };
}

/** Sends of the lab's account that nobody has answered yet. */
export async function sendsUnderWay(lab: Lab): Promise<number> {
  const requests = await lab.sandbox.requests(ablationPlatform, accountOf(lab));
  return requests.filter(
    ({ method, path, status }) => method === 'POST' && path.includes(publishPath) && status === null,
  ).length;
}

function accountOf({ organization }: Lab): string {
  return organization.accounts.find(({ platform }) => platform === ablationPlatform)?.externalId ?? '';
}
