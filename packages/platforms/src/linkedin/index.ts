import type { PlatformAdapter } from '../port/adapter.ts';
import { linkedInName } from './api.ts';
import { linkedInCard } from './card.ts';
import { editOnLinkedIn, removeFromLinkedIn } from './change.ts';
import { linkedInComments } from './comments.ts';
import { linkedInDoctor } from './doctor.ts';
import { linkedInEndpoints, linkedInExhaustedLimits, linkedInLimits, linkedInReconciliation } from './limits.ts';
import { linkedInManual } from './manual.ts';
import { linkedInMediaRules, linkedInMediaRulesFor } from './media-rules.ts';
import { linkedInMetrics } from './metrics.ts';
import { isOrganization, readLinkedInAccount } from './members.ts';
import { linkedInOAuth } from './oauth.ts';
import { LinkedInOptions } from './options.ts';
import { publishLinkedIn } from './publish.ts';
import { reconcileLinkedIn } from './reconcile.ts';
import { countLinkedIn, linkedInTextMax } from './text.ts';
import { linkedInRefresh } from './tokens.ts';
import { validateLinkedIn } from './validate.ts';

export const linkedin: PlatformAdapter = {
  id: 'linkedin',
  displayName: linkedInName,
  externalIdScope: 'platform',
  rules: {
    text: { max: linkedInTextMax, countedAs: 'characters', required: false, count: countLinkedIn },
    media: linkedInMediaRules,
    thread: null,
    options: LinkedInOptions,
    requiredFields: [],
  },
  limits: linkedInLimits,
  reconciliation: linkedInReconciliation,
  endpoints: linkedInEndpoints,
  oauth: linkedInOAuth,
  manual: linkedInManual,
  refresh: linkedInRefresh,
  readAccount: readLinkedInAccount,
  doctor: linkedInDoctor,
  metrics: linkedInMetrics,
  comments: linkedInComments,
  validate: validateLinkedIn,
  mediaRules: linkedInMediaRulesFor,
  linkCard: linkedInCard,
  publish: publishLinkedIn,
  reconcile: reconcileLinkedIn,
  remove: removeFromLinkedIn,
  edit: editOnLinkedIn,
  exhaustedLimits: linkedInExhaustedLimits,
  composeUrl: ({ text }, { externalId }) =>
    isOrganization(externalId)
      ? `https://www.linkedin.com/company/${encodeURIComponent(externalId.split(':').at(-1) ?? '')}/admin/page-posts/published/`
      : `https://www.linkedin.com/feed/?${new URLSearchParams({ shareActive: 'true', text }).toString()}`,
};
