import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { callMastodon, instanceOf } from './api.ts';

const Found = z.object({ statuses: z.array(z.object({ id: foreignId() })).default([]) });

/**
 * The instance's own id of a post anywhere, by its address. https://docs.joinmastodon.org/methods/search/
 * @param name of the step
 * @throws PlatformError `content` where the instance does not find it
 */
export function idOfPost(run: PublishRun, address: string, name = 'reply_to'): Promise<string> {
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

/** What an instance says of its API. */
const Versions = z.object({
  api_versions: z
    .object({ mastodon: z.int().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
/** Mastodon 4.5. */
const quotesFrom = 7;

/**
 * The same of a post to quote. An older Mastodon takes a post and leaves its quote out without a word; of other software nobody knows.
 * https://docs.joinmastodon.org/entities/Instance/#api_versions, read 2026-11.
 */
export async function idOfQuoted(run: PublishRun, address: string): Promise<string> {
  if (run.account.serverRules?.software === 'mastodon')
    await run.step({ name: 'quotes', effect: 'read', run: ({ http }) => requireQuotes(run, http) });
  return idOfPost(run, address, 'quote');
}

async function requireQuotes(run: PublishRun, http: PlatformHttp): Promise<true> {
  const { accessToken, account } = run;
  const call = { http, instance: instanceOf(account), accessToken, method: 'GET', path: '/api/v2/instance' } as const;
  const { api_versions: versions } = await callMastodon({ ...call, effect: 'read', answer: Versions });
  if ((versions?.mastodon ?? 0) >= quotesFrom) return true;
  throw new PlatformError('content', 'The account’s instance shows no quotes: it is older than Mastodon 4.5', {
    platformCode: 'quotes_unsupported',
  });
}
