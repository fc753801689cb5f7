import { type Ablation, ablationPlatform } from './ablation.ts';
import { sendOutOfTime } from './send-out-of-time.ts';

/** The platform accepts a send after the publisher gave up on it, and before the quiet period is over. */
export const quietPeriod: Ablation = {
  protection: 'quiet_period',
  companions: ['stable_key'],
  caughtAs: 'duplicated',
  run: (lab, without) => sendOutOfTime(lab, ablationPlatform, without, { quietMs: 6_000 }),
};
