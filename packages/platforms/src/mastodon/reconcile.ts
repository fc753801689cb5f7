import { z } from 'zod';
import type { ReconcileFinding, ReconcileQuery } from '../adapter.ts';
import { callMastodon, instanceOf } from './api.ts';
import { MastodonOptions } from './options.ts';
import { webUrlOf } from './publish.ts';
import { mastodonFingerprint, textOfHtml } from './text.ts';

/** Instances are kept by many hands: their clocks may differ from ours by this much. */
const clockSkewMs = 5 * 60_000;
const pageSize = 40;
const pagesMax = 5;

/** Looks through what the account posted since the send; asking under the key again would publish. The oldest match wins. */
export async function reconcileMastodon(query: ReconcileQuery): Promise<ReconcileFinding> {
  const since = new Date(query.intent.startedAt.getTime() - clockSkewMs);
  const statuses = await statusesSince(query, since);
  const wanted = mastodonFingerprint(query.content.text);
  const warning = mastodonFingerprint(MastodonOptions.safeParse(query.content.options).data?.spoilerText ?? '');
  const match = statuses
    .filter(({ id }) => !query.takenPostIds.has(id))
    .filter(({ content }) => mastodonFingerprint(textOfHtml(content)) === wanted)
    .filter(({ spoiler_text: spoilerText }) => mastodonFingerprint(spoilerText) === warning)
    .at(-1);
  if (match === undefined) {
    return {
      kind: 'not_seen',
      evidence: `none of ${statuses.length} posts since ${since.toISOString()} has this text`,
    };
  }
  const evidence = `post ${match.id} of ${match.created_at} has this text`;
  return { kind: 'found', platformPostId: match.id, url: webUrlOf(match), evidence };
}

const Status = z.object({
  id: z.string().min(1),
  created_at: z.string(),
  content: z.string(),
  spoiler_text: z.string().default(''),
  url: z.string().nullish(),
  uri: z.string().nullish(),
});
type Status = z.infer<typeof Status>;

/** Newest first. */
async function statusesSince({ http, account, accessToken }: ReconcileQuery, since: Date): Promise<Status[]> {
  const statuses: Status[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const last = statuses.at(-1);
    const parameters = new URLSearchParams({
      limit: String(pageSize),
      exclude_reblogs: 'true',
      ...(last === undefined ? {} : { max_id: last.id }),
    });
    const found = await callMastodon({
      http,
      instance: instanceOf(account),
      accessToken,
      method: 'GET',
      path: `/api/v1/accounts/${encodeURIComponent(account.externalId)}/statuses?${parameters.toString()}`,
      effect: 'read',
      answer: z.array(Status),
    });
    const recent = found.filter(({ created_at: createdAt }) => Date.parse(createdAt) >= since.getTime());
    statuses.push(...recent);
    if (found.length < pageSize || recent.length < found.length) break;
  }
  return statuses;
}
