import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PublishRun } from '../port/publish.ts';
import { callMastodon, instanceOf } from './api.ts';

const Found = z.object({ statuses: z.array(z.object({ id: foreignId() })).default([]) });

/**
 * The instance's own id of a post anywhere, by its address. https://docs.joinmastodon.org/methods/search/
 * @param name of the step
 * @throws PlatformError `content` where the instance does not find it
 */
export function idOfPost(run: PublishRun, name: 'reply_to' | 'quote', address: string): Promise<string> {
  return run.step({
    name,
    effect: 'read',
    run: async ({ http }) => {
      const parameters = new URLSearchParams({ q: address, type: 'statuses', resolve: 'true', limit: '1' });
      const { statuses } = await callMastodon({
        http,
        instance: instanceOf(run.account),
        accessToken: run.accessToken,
        method: 'GET',
        path: `/api/v2/search?${parameters.toString()}`,
        effect: 'read',
        answer: Found,
      });
      const [post] = statuses;
      if (post !== undefined) return post.id;
      throw new PlatformError('content', `The instance finds no post at ${address}`, {
        platformCode: 'post_not_found',
      });
    },
  });
}
