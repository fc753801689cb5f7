import { type Ablation, ablationPlatform, endTimeoutMs, faultOnSend } from './ablation.ts';

/** The platform does its work and the connection breaks before it can answer. */
export const silenceIsUnknown: Ablation = {
  protection: 'silence_is_unknown',
  companions: ['stable_key'],
  caughtAs: 'duplicated',
  async run(lab, without) {
    const fault = await faultOnSend(lab, { kind: 'reset-after' });
    await using publisher = await lab.startPublisher({ without });
    const post = await lab.schedule(ablationPlatform);
    await lab.ended(post, endTimeoutMs);
    publisher.kill('SIGTERM');
    await publisher.stopped;
    await fault.clear();
    return post;
  },
};
