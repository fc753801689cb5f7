import type { PlatformAdapter } from '../port/adapter.ts';
import { tiktokName } from './api.ts';
import { readTikTokAccount } from './creator.ts';
import { tiktokDoctor } from './doctor.ts';
import { tiktokEndpoints, tiktokExhaustedLimits, tiktokLimits, tiktokReconciliation } from './limits.ts';
import { tiktokManual } from './manual.ts';
import { tiktokMediaRules } from './media-rules.ts';
import { tiktokMetrics } from './metrics.ts';
import { TikTokOptions } from './options.ts';
import { publishTikTok } from './publish.ts';
import { reconcileTikTok } from './reconcile.ts';
import { countTikTok, tiktokDescriptionMax } from './text.ts';
import { tiktokOAuth, tiktokRefresh } from './tokens.ts';
import { validateTikTok } from './validate.ts';

export const tiktok: PlatformAdapter = {
  id: 'tiktok',
  displayName: tiktokName,
  externalIdScope: 'platform',
  rules: {
    text: {
      max: tiktokDescriptionMax,
      countedAs: 'UTF-16 units (a video takes 2,200)',
      required: false,
      count: countTikTok,
    },
    media: tiktokMediaRules,
    thread: null,
    options: TikTokOptions,
    requiredFields: ['media'],
  },
  limits: tiktokLimits,
  reconciliation: tiktokReconciliation,
  endpoints: tiktokEndpoints,
  oauth: tiktokOAuth,
  manual: tiktokManual,
  refresh: tiktokRefresh,
  readAccount: readTikTokAccount,
  doctor: tiktokDoctor,
  metrics: tiktokMetrics,
  validate: validateTikTok,
  publish: publishTikTok,
  reconcile: reconcileTikTok,
  exhaustedLimits: tiktokExhaustedLimits,
  composeUrl: () => 'https://www.tiktok.com/tiktokstudio/upload',
};
