import { waitFor } from '@vibetribe/testkit/wait-for';
import { liftStops } from '../emergency-stops.ts';
import { type Ablation, ablationPlatform, endTimeoutMs, reached } from './ablation.ts';

/** A publisher has looked at the pauses and is held up before its intent is on disk; meanwhile a pause is made. */
export const pauseLock: Ablation = {
  protection: 'pause_lock',
  companions: [],
  caughtAs: 'not_stopped',
  async run(lab, without) {
    const { client, organizationId } = lab.organization;
    await using publisher = await lab.startPublisher({ without, failpoints: ['intent:before_commit=freeze'] });
    const post = await lab.schedule(ablationPlatform);
    await reached(publisher, 'intent:before_commit');
    const made = await client.send({
      method: 'POST',
      path: '/pauses',
      body: { scope: 'organization', reason: 'ablation' },
      idempotencyKey: post.token,
    });
    if (made.result !== 'ok') throw new Error(`the pause was answered ${made.status}`);
    const heldFromMs = Date.now();
    publisher.kill('SIGCONT');
    await waitFor(async () => ['published', 'waiting'].includes(await lab.statusOf(post)), {
      timeoutMs: endTimeoutMs,
      describe: 'the publisher obeys the pause, or does not',
    });
    const pause = { organizationId, accountId: null, heldFromMs, heldUntilMs: Date.now(), underWayMsMax: 0 };
    await liftStops(lab.organization, new Set(['ablation']));
    await lab.ended(post, endTimeoutMs);
    publisher.kill('SIGTERM');
    await publisher.stopped;
    return { ...post, stops: [pause] };
  },
};
