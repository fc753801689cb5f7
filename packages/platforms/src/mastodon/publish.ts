import { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { foreignId, webUrlIn } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callMastodon, instanceOf, type MastodonCall } from './api.ts';
import { keyBeforeSend, MastodonKey } from './key.ts';
import { bodyOptions, MastodonOptions } from './options.ts';
import { idOfPost, idOfQuoted } from './other-posts.ts';
import { habitsOf } from './software.ts';
import { uploadToMastodon } from './upload.ts';

const Status = z.object({ id: foreignId(), url: z.string().nullish(), uri: z.string().nullish() });

/** Media first; then one request under a key of the publication: a repeat within the hour gives the same status again. */
export async function publishMastodon(publication: PublishRun): Promise<Published> {
  const { account, accessToken, content, replyTo } = publication;
  const options = MastodonOptions.parse(content.options);
  const mediaIds: string[] = [];
  for (const [index, item] of content.media.entries()) {
    mediaIds.push((await uploadToMastodon(publication, item, index, options.focalPoints?.[index])).mediaId);
  }
  const parentId = replyTo?.parent.platformPostId ?? (await idIf(publication, idOfPost, options.replyTo));
  const quotedId = await idIf(publication, idOfQuoted, options.quote);
  const json = {
    status: content.text,
    ...bodyOptions(options),
    ...(parentId === null ? {} : { in_reply_to_id: parentId }),
    ...(quotedId === null ? {} : { quoted_status_id: quotedId }),
    ...(mediaIds.length === 0 ? {} : { media_ids: mediaIds }),
  };
  const posted = await publication.step({
    name: 'publish',
    effect: 'once',
    key: (seed) => keyBeforeSend(publication, seed),
    run: async ({ key: stored, http }) => {
      const { idempotencyKey } = MastodonKey.parse(stored);
      const status = await refusingKnownKey(account, {
        http,
        instance: instanceOf(account),
        accessToken,
        method: 'POST',
        path: '/api/v1/statuses',
        headers: { 'idempotency-key': idempotencyKey },
        json,
        effect: 'once',
        answer: Status,
      });
      return { id: status.id, url: webUrlOf(status) };
    },
  });
  return { kind: 'published', platformPostId: posted.id, url: posted.url };
}

async function idIf(run: PublishRun, find: typeof idOfPost, address: string | undefined): Promise<string | null> {
  return address === undefined ? null : find(run, address);
}

/** Where a key that was seen before is refused, the refusal says that the post may be there. */
async function refusingKnownKey<Answer>(account: AdapterAccount, call: MastodonCall<Answer>): Promise<Answer> {
  try {
    return await callMastodon(call);
  } catch (error) {
    const isKnownKey =
      error instanceof PlatformError &&
      error.platformCode === 'http_400' &&
      habitsOf(account.serverRules?.software).refusesKnownKey;
    if (!isKnownKey) throw error;
    throw new PlatformError('duplicate', error.message, { platformCode: error.platformCode, cause: error });
  }
}

export function webUrlOf(status: { url?: string | null | undefined; uri?: string | null | undefined }): string | null {
  return webUrlIn(status.url) ?? webUrlIn(status.uri);
}
