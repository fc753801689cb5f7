import type { PlatformAdapter } from '../port/adapter.ts';
import { discordName } from './api.ts';
import { editOnDiscord, removeFromDiscord } from './change.ts';
import { discordManual, readDiscordAccount } from './connect.ts';
import { discordDoctor } from './doctor.ts';
import { discordEndpoints, discordLimits, discordReconciliation, discordExhaustedLimits } from './limits.ts';
import { discordMediaRules } from './media-rules.ts';
import { discordMetrics } from './metrics.ts';
import { DiscordOptions } from './options.ts';
import { publishDiscord } from './publish.ts';
import { reconcileDiscord } from './reconcile.ts';
import { countDiscord, discordTextMax } from './text.ts';
import { validateDiscord } from './validate.ts';

export const discord: PlatformAdapter = {
  id: 'discord',
  displayName: discordName,
  externalIdScope: 'platform',
  rules: {
    text: {
      max: discordTextMax,
      countedAs: 'characters (an emoji may count several)',
      required: true,
      count: countDiscord,
    },
    media: discordMediaRules,
    thread: null,
    options: DiscordOptions,
    requiredFields: ['content'],
  },
  limits: discordLimits,
  reconciliation: discordReconciliation,
  endpoints: discordEndpoints,
  manual: discordManual,
  doctor: discordDoctor,
  metrics: discordMetrics,
  readAccount: readDiscordAccount,
  validate: validateDiscord,
  publish: publishDiscord,
  reconcile: reconcileDiscord,
  remove: removeFromDiscord,
  edit: editOnDiscord,
  exhaustedLimits: discordExhaustedLimits,
  composeUrl: () => null,
};
