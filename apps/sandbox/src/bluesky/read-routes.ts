import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { findAccount } from '../state/connect-account.ts';
import { invalidRequest, xrpcError } from './answers.ts';
import { spend } from './spend.ts';
import { parseInput } from './parse-input.ts';
import { postCollection } from './post-record.ts';
import { lowerBound, type Records, type StoredRecord } from './records.ts';
import type { Sessions } from './sessions.ts';

export function readRoutes(
  app: FastifyInstance,
  site: Site,
  context: SiteContext,
  sessions: Sessions,
  records: Records,
): void {
  const { sandbox } = context;

  app.get('/xrpc/com.atproto.repo.getRecord', (request, reply) => {
    spend(context, request, reply);
    const query = parseInput(RecordQuery, request.query);
    const account = findAccount(site, sandbox, query.repo);
    const record = records.get({ did: account?.id ?? query.repo, collection: query.collection, rkey: query.rkey });
    if (record === undefined || (query.cid !== undefined && query.cid !== record.cid)) {
      const uri = `at://${account?.id ?? query.repo}/${query.collection}/${query.rkey}`;
      throw new RefusalError(xrpcError(400, 'RecordNotFound', `Could not locate record: ${uri}`));
    }
    return view(record);
  });

  app.get('/xrpc/com.atproto.repo.listRecords', { config: { listing: true } }, (request, reply) => {
    spend(context, request, reply);
    const { repo, collection, limit, cursor, reverse } = parseInput(ListQuery, request.query);
    const account = findAccount(site, sandbox, repo);
    if (account === undefined) throw new RefusalError(invalidRequest(`Could not find repo: ${repo}`));
    const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const keys = records.keysOf(account.id, collection);
    const found: StoredRecord[] = [];
    for (const rkey of keysFrom(keys, cursor, reverse)) {
      const record = records.get({ did: account.id, collection, rkey });
      const receivedMs = record === undefined ? undefined : sandbox.posts.get(site.id, record.uri)?.receivedTickMs;
      if (record === undefined || (receivedMs ?? 0) > shownUntilMs) continue;
      found.push(record);
      if (found.length === limit) break;
    }
    const last = found.at(-1);
    return { records: found.map(view), ...(last === undefined ? {} : { cursor: last.rkey }) };
  });

  app.get('/xrpc/app.bsky.feed.getPosts', (request, reply) => {
    spend(context, request, reply);
    if (request.headers.authorization !== undefined) sessions.require(request.headers.authorization, 'access');
    const { uris } = parseInput(PostsQuery, request.query);
    return { posts: uris.flatMap(postView) };
  });

  app.get('/xrpc/app.bsky.actor.getProfiles', (request, reply) => {
    spend(context, request, reply);
    if (request.headers.authorization !== undefined) sessions.require(request.headers.authorization, 'access');
    const { actors } = parseInput(ProfilesQuery, request.query);
    return {
      profiles: actors.flatMap((actor) => {
        const account = findAccount(site, sandbox, actor);
        return account === undefined ? [] : [profile(account)];
      }),
    };
  });

  function profile(account: Account) {
    return {
      ...author(account),
      followersCount: sandbox.audience.followers(account),
      followsCount: 0,
      postsCount: sandbox.posts.ofAccount(site.id, account.id).length,
      indexedAt: account.createdAt,
    };
  }

  /** By its DID alone, as the real one. */
  function postView(uri: string) {
    const [, did = '', collection = '', rkey = ''] = /^at:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri) ?? [];
    const account = sandbox.accounts.byId(site.id, did);
    const record = account === undefined ? undefined : records.get({ did: account.id, collection, rkey });
    const post = record === undefined ? undefined : sandbox.posts.get(site.id, record.uri);
    if (account === undefined || record === undefined || post === undefined || collection !== postCollection) return [];
    const { likes, comments, shares, saves } = sandbox.audience.ofPost(post);
    return [
      {
        uri: record.uri,
        cid: record.cid,
        author: author(account),
        record: record.value,
        bookmarkCount: saves,
        replyCount: comments,
        repostCount: shares,
        likeCount: likes,
        quoteCount: 0,
        indexedAt: record.indexedAt,
        labels: [],
      },
    ];
  }
}

const RecordQuery = z.object({
  repo: z.string(),
  collection: z.string(),
  rkey: z.string(),
  cid: z.string().optional(),
});

const ListQuery = z.object({
  repo: z.string(),
  collection: z.string(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().optional(),
  reverse: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

const listOf = (item: z.ZodType<string, string>) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(item).max(25));
const PostsQuery = z.object({ uris: listOf(z.string().startsWith('at://', 'must be a valid at-uri')) });
const ProfilesQuery = z.object({ actors: listOf(z.string().min(1)) });

/** Newest first unless reversed, beyond the cursor. */
function* keysFrom(keys: readonly string[], cursor: string | undefined, reverse: boolean): Generator<string> {
  if (reverse) {
    const from = cursor === undefined ? 0 : lowerBound(keys, `${cursor}\u0000`);
    yield* keys.slice(from);
    return;
  }
  for (let index = (cursor === undefined ? keys.length : lowerBound(keys, cursor)) - 1; index >= 0; index -= 1) {
    const rkey = keys[index];
    if (rkey !== undefined) yield rkey;
  }
}

function view({ uri, cid, value }: StoredRecord) {
  return { uri, cid, value };
}

function author(account: Account) {
  return {
    did: account.id,
    handle: account.handle,
    displayName: account.displayName,
    labels: [],
    createdAt: account.createdAt,
  };
}
