import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { graphExhaustedLimits } from '../graph/usage.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import type { PlatformAdapter } from '../port/adapter.ts';
import { callInstagram, instagramName, loginOf } from './api.ts';
import { readOwnAccount } from './accounts.ts';
import { instagramComments } from './comments.ts';
import { callOf } from './container.ts';
import { instagramDoctor } from './doctor.ts';
import { instagramEndpoints, instagramLimits, instagramReconciliation, readInstagramLimits } from './limits.ts';
import { instagramManual } from './manual.ts';
import { instagramMediaRules, instagramMediaRulesFor } from './media-rules.ts';
import { instagramMetrics } from './metrics.ts';
import { instagramOAuth } from './oauth.ts';
import { InstagramOptions } from './options.ts';
import { publishInstagram } from './publish.ts';
import { reconcileInstagram } from './reconcile.ts';
import { instagramKeepsPosts, removeFromInstagram } from './remove.ts';
import { countInstagram, instagramTextMax } from './text.ts';
import { instagramRefresh } from './tokens.ts';
import { validateInstagram } from './validate.ts';

export const instagram: PlatformAdapter = {
  id: 'instagram',
  displayName: instagramName,
  externalIdScope: 'platform',
  rules: {
    text: { max: instagramTextMax, countedAs: 'characters', required: false, count: countInstagram },
    media: instagramMediaRules,
    thread: null,
    options: InstagramOptions,
    requiredFields: ['media'],
  },
  limits: instagramLimits,
  reconciliation: instagramReconciliation,
  endpoints: instagramEndpoints,
  oauth: instagramOAuth,
  manual: instagramManual,
  refresh: instagramRefresh,
  readAccount,
  doctor: instagramDoctor,
  metrics: instagramMetrics,
  comments: instagramComments,
  validate: validateInstagram,
  mediaRules: instagramMediaRulesFor,
  publish: publishInstagram,
  reconcile: reconcileInstagram,
  remove: removeFromInstagram,
  keepsPosts: instagramKeepsPosts,
  exhaustedLimits: graphExhaustedLimits,
  readLimits: readInstagramLimits,
  composeUrl: () => 'https://www.instagram.com/',
};

const Account = z.object({ id: foreignNumericId(), username: z.string().min(1), name: z.string().optional() });

async function readAccount(call: AccountCall): Promise<AccountProfile> {
  if (loginOf(call) === 'instagram') return { ...(await readOwnAccount(call)), service: null };
  const path = `/${encodeURIComponent(call.account.externalId)}`;
  const request = { ...callOf(call, call.http), method: 'GET', path, query: { fields: 'id,username,name' } } as const;
  const { id, username, name = username } = await callInstagram({ ...request, effect: 'read', answer: Account });
  return { externalId: id, handle: username, displayName: name, service: null };
}
