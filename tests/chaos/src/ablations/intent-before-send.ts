import { type Ablation, ablationPlatform, endTimeoutMs, reached } from './ablation.ts';

/** A publisher dies with the platform's answer in its hands and nothing of it on disk. A key made of the id alone would find its post again. */
export const intentBeforeSend: Ablation = {
  protection: 'intent_before_send',
  companions: ['stable_key'],
  caughtAs: 'duplicated',
  async run(lab, without) {
    await using victim = await lab.startPublisher({ without, failpoints: ['send:after_answer=kill'] });
    const post = await lab.schedule(ablationPlatform);
    await reached(victim, 'send:after_answer');
    await victim.stopped;
    await using rescuer = await lab.startPublisher({ without });
    await lab.ended(post, endTimeoutMs);
    rescuer.kill('SIGTERM');
    await rescuer.stopped;
    return post;
  },
};
