import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { CreatePost, Post, UpdatePost, ValidationReport } from '@vibetribe/contracts/post';
import { PostStatus } from '@vibetribe/contracts/post-status';
import { TimelineItem } from '@vibetribe/contracts/timeline';
import { cancelPost } from '@vibetribe/core/posts/lifecycle/cancel-post';
import { createPost } from '@vibetribe/core/posts/create/create-post';
import { deletePost } from '@vibetribe/core/posts/lifecycle/delete-post';
import { duplicatePost } from '@vibetribe/core/posts/create/duplicate-post';
import { getPost } from '@vibetribe/core/posts/read/get-post';
import { listPosts } from '@vibetribe/core/posts/read/list-posts';
import type { VersionedPost } from '@vibetribe/core/posts/read/present-post';
import { publishPost } from '@vibetribe/core/posts/lifecycle/publish-post';
import { readTimeline } from '@vibetribe/core/posts/read/read-timeline';
import { removePost } from '@vibetribe/core/posts/published/remove-post';
import { retryPost } from '@vibetribe/core/posts/lifecycle/retry-post';
import { getSchedulerStats } from '@vibetribe/core/posts/read/get-scheduler-stats';
import { SchedulerStats } from '@vibetribe/core/posts/read/scheduler-stats-shape';
import { updatePost } from '@vibetribe/core/posts/edit/update-post';
import { validatePost } from '@vibetribe/core/posts/check/validate-post';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor, CursorId } from '../../http/cursor.ts';
import { entityTag, expectedVersion } from '../../http/etag.ts';
import { answerInTransaction } from '../../http/idempotency.ts';

const tags = ['posts'];
const PostParams = z.object({ id: z.string() });
/** The end of a range may lie anywhere. */
const Timestamp = z.iso.datetime({ offset: true });

const ListQuery = PageQuery.extend({
  status: PostStatus.optional(),
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  accountId: z.string().optional(),
  platform: PlatformId.optional(),
});
const PostCursor = z.object({ createdAtMicros: z.string().regex(/^\d{1,16}$/), id: CursorId });

/** A post's whole story fits on one page; who wants less says so. */
const TimelineQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
  cursor: z.string().max(500).optional(),
});
const TimelineCursor = z.object({ eventId: z.int().nonnegative() });

export const postRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.post(
    '/posts',
    {
      config: { access: 'posts:write', idempotent: {}, errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createPost',
        summary: 'Create a post: a draft, or scheduled',
        tags,
        body: CreatePost,
        response: { 201: Post },
      },
    },
    async (request, reply) => {
      reply.code(201);
      const keep = answerInTransaction(request, { status: 201, headersOf: firstTag });
      return tagged(reply, await createPost(services, request.actor, request.body, keep));
    },
  );

  app.get(
    '/posts',
    {
      config: { access: 'posts:read' },
      schema: {
        operationId: 'listPosts',
        summary: 'List posts',
        description:
          'Newest first. A page ends at `limit`, at 1 MB, or where 1,000 posts were held against the filter in vain: it may be short, even empty. ' +
          'The list has ended where `nextCursor` is null.',
        tags,
        querystring: ListQuery,
        response: { 200: pageOf(Post) },
      },
    },
    async (request) => {
      const { cursor, ...filter } = request.query;
      const page = await listPosts(services, request.actor, { ...filter, after: decodeCursor(PostCursor, cursor) });
      return { items: page.items, nextCursor: page.next === null ? null : encodeCursor(page.next) };
    },
  );

  app.post(
    '/posts/validate',
    {
      config: { access: 'posts:read' },
      schema: {
        operationId: 'validatePost',
        summary: 'Check a post against each platform’s rules without creating it',
        tags,
        body: CreatePost,
        response: { 200: ValidationReport },
      },
    },
    async (request) => validatePost(services, request.actor, request.body),
  );

  app.get(
    '/posts/scheduler/stats',
    {
      config: { access: 'posts:read' },
      schema: {
        operationId: 'getSchedulerStats',
        summary: 'Count what is scheduled, waiting and late',
        tags,
        response: { 200: SchedulerStats },
      },
    },
    async (request) => getSchedulerStats(services, request.actor),
  );

  app.get(
    '/posts/:id',
    {
      config: { access: 'posts:read' },
      schema: { operationId: 'getPost', summary: 'Read a post', tags, params: PostParams, response: { 200: Post } },
    },
    async (request, reply) => tagged(reply, await getPost(services, request.actor, { postId: request.params.id })),
  );

  app.put(
    '/posts/:id',
    {
      config: { access: 'posts:write', errors: ['already_publishing', 'conflict'], versioned: true },
      schema: {
        operationId: 'updatePost',
        summary: 'Replace what is given while nothing is on its way, or mend what has failed',
        tags,
        params: PostParams,
        body: UpdatePost,
        response: { 200: Post },
      },
    },
    async (request, reply) =>
      tagged(
        reply,
        await updatePost(services, request.actor, {
          postId: request.params.id,
          change: request.body,
          expected: expectedVersion(request.headers['if-match']),
        }),
      ),
  );

  app.delete(
    '/posts/:id',
    {
      config: {
        access: 'posts:write',
        errors: ['already_publishing', 'not_supported_by_platform', 'conflict'],
        versioned: true,
      },
      schema: {
        operationId: 'deletePost',
        summary: 'Cancel and hide a post; the platforms keep what is out, unless it is to be taken from them',
        tags,
        params: PostParams,
        querystring: z.object({ from: z.literal('platforms').optional() }),
        response: { 202: Post, 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request.headers['if-match']);
      if (request.query.from === 'platforms') {
        reply.code(202);
        return tagged(reply, await removePost(services, request.actor, { postId: request.params.id, expected }));
      }
      await deletePost(services, request.actor, { postId: request.params.id, expected });
      return reply.code(204).send();
    },
  );

  app.post(
    '/posts/:id/publish',
    {
      config: { access: 'posts:write', idempotent: {}, errors: ['already_publishing', 'conflict'] },
      schema: { operationId: 'publishPost', summary: 'Publish now', tags, params: PostParams, response: { 202: Post } },
    },
    async (request, reply) => {
      reply.code(202);
      return tagged(reply, await publishPost(services, request.actor, { postId: request.params.id }));
    },
  );

  app.post(
    '/posts/:id/cancel',
    {
      config: { access: 'posts:write', idempotent: {}, errors: ['nothing_to_stop'] },
      schema: {
        operationId: 'cancelPost',
        summary: 'Stop what has not begun',
        tags,
        params: PostParams,
        response: { 200: Post },
      },
    },
    async (request, reply) => tagged(reply, await cancelPost(services, request.actor, { postId: request.params.id })),
  );

  app.post(
    '/posts/:id/retry',
    {
      config: { access: 'posts:write', idempotent: {}, errors: ['nothing_to_retry'] },
      schema: {
        operationId: 'retryPost',
        summary: 'Send the failed publications again',
        tags,
        params: PostParams,
        response: { 202: Post },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return tagged(reply, await retryPost(services, request.actor, { postId: request.params.id }));
    },
  );

  app.post(
    '/posts/:id/duplicate',
    {
      config: { access: 'posts:write', idempotent: {}, copies: true },
      schema: {
        operationId: 'duplicatePost',
        summary: 'Copy a post into a new draft',
        tags,
        params: PostParams,
        response: { 201: Post },
      },
    },
    async (request, reply) => {
      reply.code(201);
      const keep = answerInTransaction(request, { status: 201, headersOf: firstTag });
      return tagged(reply, await duplicatePost(services, request.actor, { postId: request.params.id }, keep));
    },
  );

  app.get(
    '/posts/:id/timeline',
    {
      config: { access: 'posts:read' },
      schema: {
        operationId: 'getTimeline',
        summary: 'Read what was decided about a post, and why',
        tags,
        params: PostParams,
        querystring: TimelineQuery,
        response: { 200: pageOf(TimelineItem) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = decodeCursor(TimelineCursor, cursor);
      const page = await readTimeline(services, request.actor, { postId: request.params.id, limit, after });
      return { items: page.items, nextCursor: page.next === null ? null : encodeCursor(page.next) };
    },
  );
};

function tagged(reply: FastifyReply, { post, version }: VersionedPost): Post {
  reply.header('etag', entityTag(version));
  return post;
}

function firstTag(): Record<string, string> {
  return { etag: entityTag(1) };
}
