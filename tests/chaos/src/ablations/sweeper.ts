import { type Ablation, ablationPlatform, reached } from './ablation.ts';

/** Several leases and turns: with the sweeper it is over long before. */
const neverMs = 25_000;

/** A publisher dies with a claim. */
export const sweeper: Ablation = {
  protection: 'sweeper',
  companions: [],
  caughtAs: 'stuck',
  async run(lab, without) {
    await using victim = await lab.startPublisher({ without, failpoints: ['claim:after_commit=kill'] });
    const post = await lab.schedule(ablationPlatform);
    await reached(victim, 'claim:after_commit');
    await victim.stopped;
    await using rescuer = await lab.startPublisher({ without });
    await lab.ended(post, neverMs).catch(() => 'never');
    rescuer.kill('SIGTERM');
    await rescuer.stopped;
    return post;
  },
};
