import { z } from 'zod';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { foreignId } from '../answer-fields.ts';
import { callMastodon, instanceOf } from './api.ts';
import { MastodonOptions } from './options.ts';
import { webUrlOf } from './publish.ts';
import { MastodonUpload } from './upload.ts';
import { mastodonFingerprint, textOfHtml } from './text.ts';

/** Instances are kept by many hands: their clocks may differ from ours by this much. */
const clockSkewMs = 5 * 60_000;
const pageSize = 40;
/** 400 statuses: more than an instance takes from an account in four hours, as instances are set up by default. */
const pagesMax = 10;

/** Looks through what the account posted since the send; asking under the key again would publish. The oldest match wins. */
export async function reconcileMastodon(query: ReconcileQuery): Promise<ReconcileFinding> {
  const since = new Date(query.intent.startedAt.getTime() - clockSkewMs);
  const { statuses, isComplete } = await statusesSince(query, since);
  const match = statuses
    .filter(({ id }) => !query.takenPostIds.has(id))
    .filter(matcher(query))
    .at(-1);
  if (match === undefined && !isComplete) {
    return {
      kind: 'cannot_tell',
      evidence: `More than ${statuses.length} posts were made since ${since.toISOString()}.`,
    };
  }
  if (match === undefined) {
    return {
      kind: 'not_seen',
      evidence: `none of ${statuses.length} posts since ${since.toISOString()} is this one`,
    };
  }
  const evidence = `post ${match.id} of ${match.created_at} is this one`;
  return { kind: 'found', platformPostId: match.id, url: webUrlOf(match), evidence };
}

const Status = z.object({
  id: foreignId(),
  created_at: z.string(),
  content: z.string(),
  media_attachments: z
    .array(z.object({ id: z.string() }))
    .default([])
    .catch([]),
  spoiler_text: z.string().default(''),
  url: z.string().nullish(),
  uri: z.string().nullish(),
});
type Status = z.infer<typeof Status>;

/** By its media, which no other post can show; without media by text and warning. */
function matcher({ content, results }: ReconcileQuery): (status: Status) => boolean {
  const mediaIds = Object.values(results).flatMap((result) => MastodonUpload.safeParse(result).data?.mediaId ?? []);
  if (mediaIds.length > 0) return (status) => status.media_attachments.some(({ id }) => mediaIds.includes(id));
  const wanted = mastodonFingerprint(content.text);
  const warning = mastodonFingerprint(MastodonOptions.safeParse(content.options).data?.spoilerText ?? '');
  return (status) =>
    mastodonFingerprint(textOfHtml(status.content)) === wanted && mastodonFingerprint(status.spoiler_text) === warning;
}

/** Newest first. Not complete: there are more than the pages that are read. */
async function statusesSince(
  { http, account, accessToken }: ReconcileQuery,
  since: Date,
): Promise<{ statuses: Status[]; isComplete: boolean }> {
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
    if (found.length < pageSize || recent.length < found.length) return { statuses, isComplete: true };
  }
  return { statuses, isComplete: false };
}
