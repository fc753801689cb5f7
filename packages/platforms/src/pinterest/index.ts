import type { PlatformAdapter } from '../port/adapter.ts';
import { pinterestName } from './api.ts';
import { readPinterestAccount } from './boards.ts';
import { editOnPinterest, removeFromPinterest } from './change.ts';
import { pinterestDoctor } from './doctor.ts';
import { pinterestEndpoints, pinterestExhaustedLimits, pinterestLimits, pinterestReconciliation } from './limits.ts';
import { pinterestManual } from './manual.ts';
import { pinterestMediaRules } from './media-rules.ts';
import { pinterestMetrics } from './metrics.ts';
import { pinterestOAuth, pinterestRefresh } from './oauth.ts';
import { PinterestOptions } from './options.ts';
import { publishPinterest } from './publish.ts';
import { reconcilePinterest } from './reconcile.ts';
import { countPinterest, pinterestTextMax } from './text.ts';
import { validatePinterest } from './validate.ts';

export const pinterest: PlatformAdapter = {
  id: 'pinterest',
  displayName: pinterestName,
  externalIdScope: 'platform',
  rules: {
    text: { max: pinterestTextMax, countedAs: 'characters', required: false, count: countPinterest },
    media: pinterestMediaRules,
    thread: null,
    options: PinterestOptions,
    requiredFields: ['media'],
  },
  limits: pinterestLimits,
  reconciliation: pinterestReconciliation,
  endpoints: pinterestEndpoints,
  oauth: pinterestOAuth,
  manual: pinterestManual,
  refresh: pinterestRefresh,
  readAccount: readPinterestAccount,
  doctor: pinterestDoctor,
  metrics: pinterestMetrics,
  validate: validatePinterest,
  publish: publishPinterest,
  reconcile: reconcilePinterest,
  remove: removeFromPinterest,
  edit: editOnPinterest,
  exhaustedLimits: pinterestExhaustedLimits,
  composeUrl: () => 'https://www.pinterest.com/pin-creation-tool/',
};
