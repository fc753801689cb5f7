import type { PlatformAdapter } from '../port/adapter.ts';
import { whoAmI, xName } from './api.ts';
import { xDoctor } from './doctor.ts';
import { xEndpoints, xLimits, xReconciliation, xExhaustedLimits } from './limits.ts';
import { xMediaRules } from './media-rules.ts';
import { xMetrics } from './metrics.ts';
import { xManual } from './manual.ts';
import { xOAuth, xRefresh } from './oauth.ts';
import { XOptions } from './options.ts';
import { publishX } from './publish.ts';
import { reconcileX } from './reconcile.ts';
import { removeFromX } from './remove.ts';
import { countX, xTextMax } from './text.ts';
import { validateX } from './validate.ts';

export const x: PlatformAdapter = {
  id: 'x',
  displayName: xName,
  externalIdScope: 'platform',
  rules: {
    text: {
      max: xTextMax,
      countedAs: 'weighted characters (a link counts 23, an emoji 2)',
      required: true,
      count: countX,
    },
    media: xMediaRules,
    thread: { partsMax: 50, inheritedOptions: ['longPost'] },
    options: XOptions,
    requiredFields: ['content'],
  },
  limits: xLimits,
  reconciliation: xReconciliation,
  endpoints: xEndpoints,
  oauth: xOAuth,
  manual: xManual,
  doctor: xDoctor,
  metrics: xMetrics,
  readAccount: async (call) => ({ ...(await whoAmI(call)), service: null }),
  refresh: xRefresh,
  validate: validateX,
  publish: publishX,
  reconcile: reconcileX,
  remove: removeFromX,
  exhaustedLimits: xExhaustedLimits,
  composeUrl: ({ text }) => `https://x.com/intent/post?text=${encodeURIComponent(text.toWellFormed())}`,
};
