import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type Reply, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

export let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.send('/_sandbox/reset', { method: 'POST' }));
export const collection = 'app.bsky.feed.post';
let count = 0;

/** One post of each platform, as a client sends it. */
export const publish: Record<string, (account: TestAccount) => Promise<Reply>> = {
  x: ({ accessToken }) => sandbox.send('/x/2/tweets', { token: accessToken, json: { text: `post ${(count += 1)}` } }),
  mastodon: ({ accessToken }) =>
    sandbox.mastodon('/api/v1/statuses', { token: accessToken, json: { status: `post ${(count += 1)}` } }),
  bluesky: ({ accessToken, account }) => {
    const record = { text: `post ${(count += 1)}`, createdAt: '2026-01-01T00:00:00Z' };
    return sandbox.bluesky('com.atproto.repo.createRecord', {
      token: accessToken,
      json: { repo: account.id, collection, record },
    });
  },
};

export async function send(platform: string, account?: TestAccount): Promise<Reply> {
  const run = publish[platform];
  if (run === undefined) throw new Error(`no request for ${platform}`);
  return run(account ?? (await sandbox.account(platform, 'ada')));
}

export async function postCount(platform: string): Promise<number> {
  const { body } = await sandbox.send(`/_sandbox/posts?platform=${platform}`);
  return z.object({ items: z.array(z.unknown()) }).parse(body).items.length;
}
