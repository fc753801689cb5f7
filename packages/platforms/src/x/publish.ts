import { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { callX } from './api.ts';
import { keyBeforeSend } from './key.ts';
import { bodyOptions, XOptions } from './options.ts';
import { uploadToX, type XUpload } from './upload.ts';

/** The step whose outcome may be unknown. */
export const xPublishStep = 'publish';

const PostReply = z.object({ data: z.object({ id: foreignNumericId() }) });

/** Media first; then one request that X knows by no key: if its answer is lost, only the account's timeline can tell. */
export async function publishX(publication: PublishRun): Promise<Published> {
  const { endpoints, account, accessToken, content, replyTo } = publication;
  const options = XOptions.parse(content.options);
  const uploads: XUpload[] = [];
  for (const [index, item] of content.media.entries()) uploads.push(await uploadToX(publication, item, index));
  const mediaIds = uploads.map((upload) => upload.id);
  const json = {
    text: content.text,
    ...(mediaIds.length === 0 ? {} : { media: { media_ids: mediaIds } }),
    ...(replyTo === null ? {} : { reply: { in_reply_to_tweet_id: replyTo.parent.platformPostId } }),
    ...bodyOptions(options),
  };
  const id = await publication.step({
    name: xPublishStep,
    effect: 'once',
    key: (seed) => keyBeforeSend(publication, seed),
    run: async ({ http }) => {
      const call = { endpoints, http, accessToken, method: 'POST', path: '/2/tweets', json, effect: 'once' } as const;
      const { data } = await callX({ ...call, answer: PostReply });
      return data.id;
    },
  });
  return { kind: 'published', platformPostId: id, url: xPostUrl(account, id) };
}

export function xPostUrl({ handle }: AdapterAccount, id: string): string {
  return `https://x.com/${encodeURIComponent(handle)}/status/${encodeURIComponent(id)}`;
}
