import type { PlatformAdapter } from '../port/adapter.ts';
import { businessName } from './api.ts';
import { editOnBusiness, removeFromBusiness } from './change.ts';
import { businessDoctor } from './doctor.ts';
import { businessEndpoints, businessExhaustedLimits, businessLimits, businessReconciliation } from './limits.ts';
import { readBusinessAccount } from './locations.ts';
import { businessManual } from './manual.ts';
import { businessMediaRules } from './media-rules.ts';
import { businessMetrics } from './metrics.ts';
import { businessOAuth, businessRefresh } from './oauth.ts';
import { BusinessOptions } from './options.ts';
import { publishBusiness } from './publish.ts';
import { reconcileBusiness } from './reconcile.ts';
import { countBusiness, summaryCharactersMax } from './text.ts';
import { validateBusiness } from './validate.ts';

export const googleBusiness: PlatformAdapter = {
  id: 'google-business',
  displayName: businessName,
  externalIdScope: 'platform',
  rules: {
    text: { max: summaryCharactersMax, countedAs: 'characters', required: true, count: countBusiness },
    media: businessMediaRules,
    thread: null,
    options: BusinessOptions,
    requiredFields: ['content'],
  },
  limits: businessLimits,
  reconciliation: businessReconciliation,
  endpoints: businessEndpoints,
  oauth: businessOAuth,
  manual: businessManual,
  refresh: businessRefresh,
  readAccount: readBusinessAccount,
  doctor: businessDoctor,
  metrics: businessMetrics,
  validate: validateBusiness,
  publish: publishBusiness,
  reconcile: reconcileBusiness,
  remove: removeFromBusiness,
  edit: editOnBusiness,
  exhaustedLimits: businessExhaustedLimits,
  composeUrl: (_content, { externalId }) => `https://business.google.com/n/${encodeURIComponent(externalId)}/posts`,
};
