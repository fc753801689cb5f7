import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Post } from '../state/posts.ts';
import { admit } from './admit.ts';
import { forbidden, invalidRequest, resourceNotFound } from './answers.ts';
import { includesOf } from './includes.ts';
import { tweetLimits } from './limits.ts';
import { parseTweetBody } from './tweet-body.ts';
import { tweetView, TweetFieldsQuery } from './tweet-view.ts';
import type { Tweets } from './tweets.ts';

const readScopes = ['tweet.read', 'users.read'];
const writeScopes = [...readScopes, 'tweet.write'];

export function tweetRoutes(app: FastifyInstance, context: SiteContext, tweets: Tweets): void {
  const numbersOf = (post: Post) => context.sandbox.audience.ofPost(post);

  app.post('/2/tweets', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes: writeScopes, limit: tweetLimits.create });
    refuseUnknown(request.query, []);
    const post = tweets.create(account, parseTweetBody(request.body));
    const { id, text, edit_history_tweet_ids } = tweetView(
      post,
      tweets.context(post.id),
      {
        fields: new Set(),
        names: 'tweet',
      },
      numbersOf(post),
    );
    return reply.code(201).send({ data: { edit_history_tweet_ids, id, text } });
  });

  app.get('/2/tweets', (request, reply) => {
    admit(context, request, reply, { scopes: readScopes, limit: tweetLimits.lookup });
    refuseUnknown(request.query, ['ids', ...fieldParameters]);
    const choice = parseQuery(TweetFieldsQuery, request.query);
    const { ids } = parseQuery(IdsQuery, request.query);
    const found = ids.flatMap((id) => tweets.get(id) ?? []);
    const missing = ids.filter((id) => tweets.get(id) === undefined);
    return {
      ...(found.length > 0
        ? { data: found.map((post) => tweetView(post, tweets.context(post.id), choice, numbersOf(post))) }
        : {}),
      ...includesOf(context, tweets, found, choice),
      ...(missing.length > 0 ? { errors: missing.map((id) => resourceNotFound('tweet', 'ids', id)) } : {}),
    };
  });

  app.get<{ Params: { id: string } }>('/2/tweets/:id', (request, reply) => {
    admit(context, request, reply, { scopes: readScopes, limit: tweetLimits.lookup });
    refuseUnknown(request.query, fieldParameters);
    const choice = parseQuery(TweetFieldsQuery, request.query);
    const { id } = parseQuery(z.object({ id: TweetId }), request.params);
    const post = tweets.get(id);
    if (post === undefined) return { errors: [resourceNotFound('tweet', 'id', id)] };
    return {
      data: tweetView(post, tweets.context(id), choice, numbersOf(post)),
      ...includesOf(context, tweets, [post], choice),
    };
  });

  app.delete<{ Params: { id: string } }>('/2/tweets/:id', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes: writeScopes, limit: tweetLimits.remove });
    refuseUnknown(request.query, []);
    const { id } = parseQuery(z.object({ id: TweetId }), request.params);
    const post = tweets.get(id);
    if (post === undefined) return { data: { deleted: false } };
    if (post.account !== account.id) throw new RefusalError(forbidden('You are not allowed to delete this Tweet.'));
    tweets.remove(post);
    return { data: { deleted: true } };
  });
}

const TweetId = z.string().regex(/^[0-9]{1,19}$/, 'does not match ^[0-9]{1,19}$');

const IdsQuery = z.object({
  ids: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(TweetId).min(1).max(100)),
});

/** What every look-up of posts takes beside its own parameters, under either of X's names. */
export const fieldParameters = [
  'tweet.fields',
  'post.fields',
  'expansions',
  'media.fields',
  'poll.fields',
  'user.fields',
  'context.fields',
] as const;

/** @throws {RefusalError} 400, naming every parameter that X does not have here */
export function refuseUnknown(query: unknown, known: readonly string[]): void {
  const given = z.record(z.string(), z.unknown()).catch({}).parse(query);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new RefusalError(
    invalidRequest(
      unknown.map((name) => ({
        message: `The query parameter [${name}] is not one of [${known.join(',')}]`,
        parameters: { [name]: [String(given[name])] },
      })),
    ),
  );
}

/** @throws {RefusalError} 400, naming every parameter that is wrong */
export function parseQuery<Value>(schema: z.ZodType<Value>, query: unknown): Value {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const given = z.record(z.string(), z.string()).catch({}).parse(query);
  throw new RefusalError(
    invalidRequest(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0] ?? '');
        const value = given[name] ?? '';
        const message = `The \`${name}\` query parameter value [${value}] is not valid: ${issue.message}`;
        return { message, parameters: { [name]: [value] } };
      }),
    ),
  );
}
