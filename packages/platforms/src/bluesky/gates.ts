import { z } from 'zod';
import type { PublishRun } from '../port/publish.ts';
import { callXrpc, postCollection, serviceOf } from './api.ts';
import type { BlueskyOptions } from './options.ts';
import { tidOf } from './tid.ts';

const ruleOf = {
  mentioned: 'app.bsky.feed.threadgate#mentionRule',
  followers: 'app.bsky.feed.threadgate#followerRule',
  following: 'app.bsky.feed.threadgate#followingRule',
} as const;

/**
 * Who may answer and quote stands in records of their own under the post's key, written before the post: it is never open for a moment.
 * https://docs.bsky.app/docs/tutorials/thread-gates
 */
export async function writeGates(run: PublishRun, options: BlueskyOptions): Promise<void> {
  // Only whoever began a thread says who may answer in it.
  const isFirst = run.replyTo === null && options.replyTo === undefined;
  if (options.replies !== undefined && isFirst) {
    const allow = options.replies === 'nobody' ? [] : options.replies.map((who) => ({ $type: ruleOf[who] }));
    await writeRecord(run, 'threadgate', { allow });
  }
  if (options.quotes === 'off') {
    const embeddingRules = [{ $type: 'app.bsky.feed.postgate#disableRule' }];
    await writeRecord(run, 'postgate', { embeddingRules });
  }
}

async function writeRecord(run: PublishRun, kind: 'threadgate' | 'postgate', rules: object): Promise<void> {
  const collection = `app.bsky.feed.${kind}`;
  await run.step({
    name: kind,
    effect: 'idempotent',
    key: ({ partId }) => ({ rkey: tidOf(partId), createdAt: run.now.toISOString() }),
    run: async ({ key: { rkey, createdAt }, http }) => {
      const post = `at://${run.account.externalId}/${postCollection}/${rkey}`;
      const record = { $type: collection, post, createdAt, ...rules };
      await callXrpc({
        http,
        service: serviceOf(run.account),
        method: 'POST',
        nsid: 'com.atproto.repo.putRecord',
        access: run,
        json: { repo: run.account.externalId, collection, rkey, record },
        effect: 'idempotent',
        answer: z.object({ uri: z.string() }),
      });
      return true;
    },
  });
}
