import type { Protection } from '@vibetribe/core/publishing/failpoints';
import { waitFor } from '@vibetribe/testkit/wait-for';
import type { Lab, LabPost } from '../lab.ts';
import { endTimeoutMs, faultOnSend } from './ablation.ts';

const slowMs = 4_000;
const marginMs = 1_500;

/** A send that the platform accepts `slowMs` after it came, long after the publisher's time-out. */
export async function sendOutOfTime(
  lab: Lab,
  platform: string,
  without: readonly Protection[],
  { quietMs }: { readonly quietMs: number },
): Promise<LabPost> {
  const times = { PUBLISH_TIMEOUT_MS: '1000', RECONCILE_QUIET_MS: String(quietMs) };
  const fault = await faultOnSend(lab, { kind: 'slow', delayMs: slowMs });
  await using publisher = await lab.startPublisher({ without, env: times });
  const post = await lab.schedule(platform);
  await lab.ended(post, endTimeoutMs);
  const endedAtMs = Date.now();
  publisher.kill('SIGTERM');
  await publisher.stopped;
  // The slow send began before the post ended.
  await waitFor(() => Date.now() > endedAtMs + slowMs + marginMs, {
    timeoutMs: slowMs * 4,
    describe: 'the slow send is through',
  });
  await fault.clear();
  return post;
}
