import { type Ablation, ablationPlatform } from './ablation.ts';
import { sendOutOfTime } from './send-out-of-time.ts';

/** The platform accepts a send so late that it was already taken for absent and sent again. */
export const stableKey: Ablation = {
  protection: 'stable_key',
  companions: [],
  caughtAs: 'duplicated',
  run: (lab, without) => sendOutOfTime(lab, ablationPlatform, without, { quietMs: 200 }),
};
