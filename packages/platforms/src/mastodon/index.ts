import type { PlatformAdapter } from '../port/adapter.ts';
import { mastodonName } from './api.ts';
import { editOnMastodon, removeFromMastodon } from './change.ts';
import { mastodonManual, readMastodonAccount } from './connect.ts';
import { mastodonDoctor } from './doctor.ts';
import { mastodonEndpoints, mastodonLimits, mastodonReconciliation, mastodonExhaustedLimits } from './limits.ts';
import { instanceMediaRules, mastodonMediaRules } from './media-rules.ts';
import { mastodonMetrics } from './metrics.ts';
import { mastodonOAuth } from './oauth.ts';
import { MastodonOptions } from './options.ts';
import { publishMastodon } from './publish.ts';
import { reconcileMastodon } from './reconcile.ts';
import { countMastodon, mastodonTextMax } from './text.ts';
import { validateMastodon } from './validate.ts';

export const mastodon: PlatformAdapter = {
  id: 'mastodon',
  displayName: mastodonName,
  externalIdScope: 'server',
  rules: {
    text: {
      max: mastodonTextMax,
      countedAs: 'characters (a link counts 23, @user@host counts as @user; the instance may allow more)',
      required: true,
      count: (text) => countMastodon(text),
    },
    media: mastodonMediaRules,
    thread: {
      partsMax: 50,
      inheritedOptions: ['visibility', 'spoilerText', 'language', 'sensitive'],
      firstOnlyOptions: ['replyTo'],
    },
    options: MastodonOptions,
    requiredFields: ['content'],
  },
  limits: mastodonLimits,
  reconciliation: mastodonReconciliation,
  endpoints: mastodonEndpoints,
  oauth: mastodonOAuth,
  manual: mastodonManual,
  doctor: mastodonDoctor,
  readAccount: readMastodonAccount,
  metrics: mastodonMetrics,
  validate: validateMastodon,
  mediaRules: ({ account: { serverRules } }) =>
    serverRules?.media === undefined ? mastodonMediaRules : instanceMediaRules(serverRules.media),
  publish: publishMastodon,
  reconcile: reconcileMastodon,
  remove: removeFromMastodon,
  edit: editOnMastodon,
  exhaustedLimits: mastodonExhaustedLimits,
  composeUrl: ({ text }, { service }) =>
    service === null ? null : `${service}/share?text=${encodeURIComponent(text.toWellFormed())}`,
};
