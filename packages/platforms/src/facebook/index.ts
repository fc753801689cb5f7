import type { PlatformAdapter } from '../port/adapter.ts';
import { graphExhaustedLimits } from '../graph/usage.ts';
import { facebookName } from './api.ts';
import { editOnFacebook, removeFromFacebook } from './change.ts';
import { facebookComments } from './comments.ts';
import { facebookDoctor } from './doctor.ts';
import { facebookEndpoints, facebookLimits, facebookReconciliation } from './limits.ts';
import { facebookManual } from './manual.ts';
import { facebookMediaRules, facebookMediaRulesFor } from './media-rules.ts';
import { facebookMetrics } from './metrics.ts';
import { facebookOAuth, facebookRefresh } from './oauth.ts';
import { FacebookOptions } from './options.ts';
import { accountOf, readOwnPage } from './pages.ts';
import { publishFacebook } from './publish.ts';
import { reconcileFacebook } from './reconcile.ts';
import { countFacebook, facebookTextMax } from './text.ts';
import { validateFacebook } from './validate.ts';

export const facebook: PlatformAdapter = {
  id: 'facebook',
  displayName: facebookName,
  externalIdScope: 'platform',
  rules: {
    text: { max: facebookTextMax, countedAs: 'characters', required: true, count: countFacebook },
    media: facebookMediaRules,
    thread: null,
    options: FacebookOptions,
    requiredFields: ['content'],
  },
  limits: facebookLimits,
  reconciliation: facebookReconciliation,
  endpoints: facebookEndpoints,
  oauth: facebookOAuth,
  manual: facebookManual,
  refresh: facebookRefresh,
  readAccount: async (call) => ({ ...accountOf(await readOwnPage(call)), service: null }),
  doctor: facebookDoctor,
  metrics: facebookMetrics,
  comments: facebookComments,
  validate: validateFacebook,
  mediaRules: facebookMediaRulesFor,
  publish: publishFacebook,
  reconcile: reconcileFacebook,
  remove: removeFromFacebook,
  edit: editOnFacebook,
  exhaustedLimits: graphExhaustedLimits,
  composeUrl: (_content, { externalId }) => `https://www.facebook.com/${encodeURIComponent(externalId)}`,
};
