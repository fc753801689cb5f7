import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { callXrpc, postCollection, serviceOf } from './api.ts';
import { postIn } from './options.ts';
import type { Ref, ReplyRefs } from './reply.ts';
import { resolveHandle } from './resolve-handle.ts';

const StrongRef = z.object({ uri: z.string(), cid: z.string() });
const View = z.object({
  uri: z.string().startsWith('at://'),
  cid: foreignId(),
  record: z.object({ reply: z.object({ root: StrongRef }).optional().catch(undefined) }),
});
const Found = z.object({ posts: z.array(View) });

/** Place and content of the post to quote, by its address. */
export function quotedPost(run: PublishRun, address: string): Promise<Ref> {
  return run.step({
    name: 'quote',
    effect: 'read',
    run: async ({ http }) => {
      const { uri, cid } = await readView(run, http, address);
      return { uri, cid };
    },
  });
}

/** Of the post to answer and of the one that its conversation began with. */
export function answeredPost(run: PublishRun, address: string): Promise<ReplyRefs> {
  return run.step({
    name: 'reply_to',
    effect: 'read',
    run: async ({ http }) => {
      const { uri, cid, record } = await readView(run, http, address);
      const parent = { uri, cid };
      return { root: record.reply?.root ?? parent, parent };
    },
  });
}

/** Through the account's own server, which asks the network. @throws PlatformError `content` where there is no such post */
async function readView(run: PublishRun, http: PlatformHttp, address: string): Promise<z.infer<typeof View>> {
  const uri = await uriOf(run, http, address);
  const { posts } =
    uri === null
      ? { posts: [] }
      : await callXrpc({
          http,
          service: serviceOf(run.account),
          method: 'GET',
          nsid: 'app.bsky.feed.getPosts',
          parameters: { uris: uri },
          access: run,
          effect: 'read',
          answer: Found,
        });
  const [post] = posts;
  if (post !== undefined) return post;
  throw new PlatformError('content', `Bluesky finds no post at ${address}`, { platformCode: 'post_not_found' });
}

/** Posts are found by the account's DID alone: `getPosts` looks up no handle. Null where there is no such account. */
async function uriOf(run: PublishRun, http: PlatformHttp, address: string): Promise<string | null> {
  const place = postIn(address);
  if (place === null) return null;
  const { author, rkey } = place;
  const isDid = author.startsWith('did:');
  const did = isDid ? author : await resolveHandle(http, serviceOf(run.account), author.toLowerCase());
  return did === null ? null : `at://${did}/${postCollection}/${rkey}`;
}
