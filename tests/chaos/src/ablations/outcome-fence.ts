import { waitFor } from '@vibetribe/testkit/wait-for';
import { type Ablation, ablationPlatform, endTimeoutMs, faultOnSend, reached, sendsUnderWay } from './ablation.ts';

const slowMs = 6_000;
/** Its own send is slow and may be. */
const patient = { CLAIM_LEASE_MS: '20000', PUBLISH_TIMEOUT_MS: '12000' };

/** A publisher that lost its claim reports "not sent, try again" while another one's send is under way. */
export const outcomeFence: Ablation = {
  protection: 'outcome_fence',
  companions: ['stable_key'],
  caughtAs: 'duplicated',
  async run(lab, without) {
    const before = await sendsUnderWay(lab);
    await using loser = await lab.startPublisher({ without, failpoints: ['send:before_request=freeze'] });
    const post = await lab.schedule(ablationPlatform);
    await reached(loser, 'send:before_request');
    const fault = await faultOnSend(lab, { kind: 'slow', delayMs: slowMs });
    await using owner = await lab.startPublisher({ without, env: patient });
    await waitFor(async () => (await sendsUnderWay(lab)) > before, {
      timeoutMs: endTimeoutMs,
      describe: 'the second send is under way',
    });
    loser.kill('SIGCONT');
    await lab.ended(post, endTimeoutMs);
    for (const publisher of [loser, owner]) {
      publisher.kill('SIGTERM');
      await publisher.stopped;
    }
    await fault.clear();
    return post;
  },
};
