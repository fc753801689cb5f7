import { waitFor } from '@vibetribe/testkit/wait-for';
import type { ProcessSlot } from './process-slot.ts';

/**
 * Names the processes that do not say that they are well, with what they say instead. Each is asked by itself: a replica that serves nobody any more is hidden from
 * the clients by its neighbour.
 * @param withinMs connections that were lost are made anew first
 */
export async function findUnwell(
  slots: readonly Pick<ProcessSlot, 'name' | 'origin'>[],
  withinMs = 30_000,
): Promise<string[]> {
  const answers = await Promise.allSettled(slots.map((slot) => becomesWell(slot, withinMs)));
  return slots.flatMap(({ name }, index) => {
    const answer = answers[index];
    return answer?.status === 'rejected' ? [`${name}: ${String(answer.reason)}`] : [];
  });
}

async function becomesWell({ name, origin }: Pick<ProcessSlot, 'name' | 'origin'>, withinMs: number): Promise<void> {
  let said = 'nothing';
  const isWell = async () => {
    const answer = await fetch(`${origin()}/health`, { signal: AbortSignal.timeout(withinMs) });
    said = `${answer.status} ${await answer.text()}`;
    return answer.status === 200;
  };
  await waitFor(isWell, {
    timeoutMs: withinMs,
    intervalMs: 1_000,
    describe: () => `${name} is well (it says ${said})`,
  });
}
