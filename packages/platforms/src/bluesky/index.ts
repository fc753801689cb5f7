import type { PlatformAdapter } from '../port/adapter.ts';
import { countGraphemes } from '../text/graphemes.ts';
import { blueskyName } from './api.ts';
import { blueskyCard } from './card.ts';
import { shownText } from './facets.ts';
import { blueskyDoctor } from './doctor.ts';
import { blueskyEndpoints, blueskyLimits, blueskyReconciliation, blueskyExhaustedLimits } from './limits.ts';
import { blueskyMediaRules, blueskyMediaRulesOn } from './media-rules.ts';
import { blueskyMetrics } from './metrics.ts';
import { blueskyOAuth } from './oauth.ts';
import { BlueskyOptions } from './options.ts';
import { publishBluesky } from './publish.ts';
import { reconcileBluesky } from './reconcile.ts';
import { removeFromBluesky } from './remove.ts';
import { blueskyManual, readBlueskyAccount, blueskyRefresh } from './session.ts';
import { blueskyGraphemesMax } from './text.ts';
import { validateBluesky } from './validate.ts';

export const bluesky: PlatformAdapter = {
  id: 'bluesky',
  displayName: blueskyName,
  externalIdScope: 'platform',
  rules: {
    text: {
      max: blueskyGraphemesMax,
      countedAs: 'characters (graphemes, a long link counts as it is shown; 3,000 bytes at most)',
      required: true,
      count: (text) => countGraphemes(shownText(text)),
    },
    media: blueskyMediaRules,
    thread: { partsMax: 50, inheritedOptions: ['langs'], firstOnlyOptions: ['replies', 'replyTo'] },
    options: BlueskyOptions,
    requiredFields: ['content'],
  },
  limits: blueskyLimits,
  reconciliation: blueskyReconciliation,
  sendTimesDiffer: true,
  endpoints: blueskyEndpoints,
  oauth: blueskyOAuth,
  manual: blueskyManual,
  doctor: blueskyDoctor,
  readAccount: readBlueskyAccount,
  metrics: blueskyMetrics,
  refresh: blueskyRefresh,
  validate: validateBluesky,
  mediaRules: ({ account }) => blueskyMediaRulesOn(account),
  linkCard: blueskyCard,
  publish: publishBluesky,
  reconcile: reconcileBluesky,
  remove: removeFromBluesky,
  exhaustedLimits: blueskyExhaustedLimits,
  composeUrl: ({ text }) => `https://bsky.app/intent/compose?text=${encodeURIComponent(text.toWellFormed())}`,
};
