import { type Ablation, ablationPlatform, endTimeoutMs, reached } from './ablation.ts';

/** A publisher is frozen right before its request leaves; another one finds nothing on the platform and sends; the first wakes up. */
export const lateFence: Ablation = {
  protection: 'late_fence',
  companions: ['stable_key'],
  caughtAs: 'duplicated',
  async run(lab, without) {
    await using victim = await lab.startPublisher({ without, failpoints: ['send:body_pull=freeze'] });
    const post = await lab.schedule(ablationPlatform);
    await reached(victim, 'send:body_pull');
    await using rescuer = await lab.startPublisher({ without });
    await lab.ended(post, endTimeoutMs);
    victim.kill('SIGCONT');
    victim.kill('SIGTERM');
    await victim.stopped;
    rescuer.kill('SIGTERM');
    await rescuer.stopped;
    return post;
  },
};
