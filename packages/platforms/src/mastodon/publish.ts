import { z } from 'zod';
import type { Published, PublishRun } from '../port/publish.ts';
import { foreignId, webUrlIn } from '../answer-fields.ts';
import { callMastodon, instanceOf } from './api.ts';
import { MastodonOptions } from './options.ts';
import { uploadToMastodon } from './upload.ts';

const Status = z.object({ id: foreignId(), url: z.string().nullish(), uri: z.string().nullish() });

/** Media first; then one request under a key of the publication: a repeat within the hour gives the same status again. */
export async function publishMastodon(publication: PublishRun): Promise<Published> {
  const { account, accessToken, content } = publication;
  const { spoilerText, ...options } = MastodonOptions.parse(content.options);
  const mediaIds: string[] = [];
  for (const [index, item] of content.media.entries()) {
    mediaIds.push((await uploadToMastodon(publication, item, index)).mediaId);
  }
  const json = {
    status: content.text,
    ...options,
    ...(mediaIds.length === 0 ? {} : { media_ids: mediaIds }),
    ...(spoilerText === undefined ? {} : { spoiler_text: spoilerText }),
  };
  const posted = await publication.step({
    name: 'publish',
    effect: 'once',
    key: ({ partId }) => `vibetribe-${partId}`,
    run: async ({ key, http }) => {
      const status = await callMastodon({
        http,
        instance: instanceOf(account),
        accessToken,
        method: 'POST',
        path: '/api/v1/statuses',
        headers: { 'idempotency-key': key },
        json,
        effect: 'once',
        answer: Status,
      });
      return { id: status.id, url: webUrlOf(status) };
    },
  });
  return { kind: 'published', platformPostId: posted.id, url: posted.url };
}

export function webUrlOf(status: { url?: string | null | undefined; uri?: string | null | undefined }): string | null {
  return webUrlIn(status.url) ?? webUrlIn(status.uri);
}
