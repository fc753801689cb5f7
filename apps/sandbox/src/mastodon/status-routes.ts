import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { compareIds } from '../state/snowflake.ts';
import { accountView, credentialAccountView } from './account-view.ts';
import { admit, admitAnyone } from './admit.ts';
import { recordNotFound, validationFailed } from './answers.ts';
import type { Applications } from './applications.ts';
import type { Attachments } from './attachments.ts';
import { oldSite, statusLimits } from './limits.ts';
import { parseStatusBody, type StatusBody } from './status-body.ts';
import { statusView } from './status-view.ts';
import type { Status, Statuses } from './statuses.ts';

/** https://docs.joinmastodon.org/methods/statuses/ and /methods/accounts/ */
export function statusRoutes(
  app: FastifyInstance,
  site: Site,
  context: SiteContext,
  statuses: Statuses,
  applications: Applications,
  attachments: Pick<Attachments, 'ofStatus'>,
): void {
  const { sandbox } = context;

  app.get('/api/v1/accounts/verify_credentials', (request, reply) => {
    const { account } = admit(context, request, reply, { anyScope: ['profile', 'read', 'read:accounts'] });
    return credentialAccountView(viewAccount(account));
  });

  app.post('/api/v1/statuses', (request, reply) => {
    const { account, client } = admit(context, request, reply, { anyScope: ['write', 'write:statuses'] });
    const key = request.headers['idempotency-key']?.toString() || undefined;
    const earlier = key === undefined ? undefined : statuses.byKey(account, key);
    if (earlier === 'gone') throw new RefusalError(recordNotFound());
    return view(earlier ?? statuses.create(account, client, bodyIn(request.body), key), account);
  });

  /** Quotes came with 4.5: what an instance does not know it leaves out. */
  function bodyIn(given: unknown): StatusBody {
    const body = parseStatusBody(given);
    return context.site === oldSite ? { ...body, quoted_status_id: undefined } : body;
  }

  // From 4.3 on: https://docs.joinmastodon.org/methods/statuses/#index
  app.get('/api/v1/statuses', (request, reply) => {
    if (context.site === oldSite) throw new RefusalError(recordNotFound());
    const reader = admitReader(request, reply, 'read:statuses');
    const ids = ManyQuery.safeParse(request.query).data?.['id[]'];
    if (ids === undefined) throw new RefusalError(validationFailed('id is invalid'));
    return ids.flatMap((id) => {
      const status = statuses.get(id);
      return status !== undefined && mayRead(status, reader) ? [view(status, reader)] : [];
    });
  });

  app.get<{ Params: { id: string } }>('/api/v1/accounts/:id(^[0-9]+$)', (request, reply) => {
    admitReader(request, reply, 'read:accounts');
    const account = sandbox.accounts.byId(site.id, request.params.id);
    if (account === undefined) throw new RefusalError(recordNotFound());
    return viewAccount(account);
  });

  app.get<{ Params: { id: string } }>('/api/v1/statuses/:id', (request, reply) => {
    const reader = admitAnyone(context, request, reply);
    return view(visibleStatus(request.params.id, reader), reader);
  });

  // https://docs.joinmastodon.org/methods/statuses/#edit: what is left out is taken away.
  app.put<{ Params: { id: string } }>('/api/v1/statuses/:id', (request, reply) => {
    const { account } = admit(context, request, reply, { anyScope: ['write', 'write:statuses'] });
    const status = visibleStatus(request.params.id, account);
    if (status.post.account !== account.id) throw new RefusalError(recordNotFound());
    return view(statuses.edit(status, parseStatusBody(request.body)), account);
  });

  app.delete<{ Params: { id: string } }>('/api/v1/statuses/:id', (request, reply) => {
    const needs = { anyScope: ['write', 'write:statuses'], limit: statusLimits.remove };
    const { account } = admit(context, request, reply, needs);
    const status = visibleStatus(request.params.id, account);
    if (status.post.account !== account.id) throw new RefusalError(recordNotFound());
    const shown = { ...view(status, account), text: status.post.text };
    statuses.remove(status);
    return shown;
  });

  app.get<{ Params: { id: string } }>(
    '/api/v1/accounts/:id/statuses',
    { config: { listing: true } },
    (request, reply) => {
      const reader = admitAnyone(context, request, reply);
      const parsed = ListQuery.safeParse(request.query);
      if (!parsed.success)
        throw new RefusalError(validationFailed(`${String(parsed.error.issues[0]?.path[0])} is invalid`));
      const account = sandbox.accounts.byId(site.id, request.params.id);
      if (account === undefined) throw new RefusalError(recordNotFound());
      const query = parsed.data;
      const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
      const page = select(sandbox.posts.ofAccount(site.id, account.id), query, (post) => {
        const status = statuses.get(post.id);
        if (status === undefined || post.receivedTickMs > shownUntilMs || !mayRead(status, reader)) return undefined;
        return query.exclude_replies && status.detail.inReplyTo !== null ? undefined : status;
      });
      const [first, last] = [page[0], page.at(-1)];
      if (first !== undefined && last !== undefined) {
        const path = `${context.origin()}/api/v1/accounts/${account.id}/statuses`;
        reply.header(
          'link',
          `<${path}?max_id=${last.post.id}>; rel="next", <${path}?min_id=${first.post.id}>; rel="prev"`,
        );
      }
      return page.map((status) => view(status, reader));
    },
  );

  // https://docs.joinmastodon.org/methods/search/: by its address alone, as a post of another server is brought here.
  app.get('/api/v2/search', (request, reply) => {
    const { account } = admit(context, request, reply, { anyScope: ['read', 'read:search'] });
    const { q } = SearchQuery.parse(request.query);
    const id = q.startsWith(context.origin()) ? q.slice(context.origin().length).split('/').at(-1) : undefined;
    const status = id === undefined ? undefined : statuses.get(id);
    const found = status !== undefined && mayRead(status, account) ? [view(status, account)] : [];
    return { accounts: [], statuses: found, hashtags: [] };
  });

  /** A public route: a token that is shown must have the scope. */
  function admitReader(request: FastifyRequest, reply: FastifyReply, scope: string): Account | undefined {
    return request.headers.authorization === undefined
      ? undefined
      : admit(context, request, reply, { anyScope: ['read', scope] }).account;
  }

  function visibleStatus(id: string, reader: Account | undefined): Status {
    const status = statuses.get(id);
    if (status === undefined || !mayRead(status, reader)) throw new RefusalError(recordNotFound());
    return status;
  }

  function viewAccount(account: Account) {
    const posts = sandbox.posts.ofAccount(site.id, account.id);
    return accountView(account, context.origin(), {
      statuses: { count: posts.length, lastAt: posts.at(-1)?.createdAt ?? null },
      followers: sandbox.audience.followers(account),
    });
  }

  function view(status: Status, reader: Account | undefined) {
    const author = sandbox.accounts.byId(site.id, status.post.account);
    if (author === undefined) throw new RefusalError(recordNotFound());
    const host = new URL(context.origin()).host;
    return statusView(status, {
      account: viewAccount(author),
      application: applications.get(status.detail.client),
      attachments: attachments.ofStatus(status.post.id, status.detail.attachments),
      own: reader?.id === author.id,
      numbers: sandbox.audience.ofPost(status.post),
      context: {
        origin: context.origin(),
        localHandle: (name, at) =>
          at === undefined || at === host ? sandbox.accounts.byHandle(site.id, name)?.handle : undefined,
      },
    });
  }
}

type ListQuery = z.infer<typeof ListQuery>;

/** Newest first; with `min_id` the page directly above it. */
function select(posts: readonly Post[], query: ListQuery, statusOf: (post: Post) => Status | undefined): Status[] {
  if (query.only_media || query.pinned || query.tagged !== undefined) return [];
  const lowest = query.min_id ?? query.since_id;
  const inOrder =
    query.min_id === undefined
      ? newestFirst(posts, lowest)
      : posts.filter((post) => compareIds(post.id, query.min_id ?? '') > 0);
  const found: Status[] = [];
  for (const post of inOrder) {
    if (query.max_id !== undefined && compareIds(post.id, query.max_id) >= 0) continue;
    const status = statusOf(post);
    if (status !== undefined && found.push(status) === query.limit) break;
  }
  return query.min_id === undefined ? found : found.reverse();
}

function* newestFirst(posts: readonly Post[], aboveId: string | undefined): Generator<Post> {
  for (let index = posts.length - 1; index >= 0; index -= 1) {
    const post = posts[index];
    if (post === undefined || (aboveId !== undefined && compareIds(post.id, aboveId) <= 0)) return;
    yield post;
  }
}

function mayRead({ post, detail }: Status, reader: Account | undefined): boolean {
  return detail.visibility === 'public' || detail.visibility === 'unlisted' || reader?.id === post.account;
}

const statusesAtOnceMax = 20;
const SearchQuery = z.object({ q: z.string().default('') });
const Id = z.string().regex(/^\d{1,20}$/);
const ManyQuery = z.object({
  'id[]': z
    .union([Id, z.array(Id)])
    .transform((ids) => [ids].flat())
    .pipe(z.array(Id).max(statusesAtOnceMax)),
});
const Flag = z
  .string()
  .optional()
  .transform((text) => text === 'true' || text === '1');

const ListQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .default(20)
    .transform((limit) => Math.min(40, Math.max(1, limit))),
  max_id: Id.optional(),
  since_id: Id.optional(),
  min_id: Id.optional(),
  exclude_replies: Flag,
  exclude_reblogs: Flag,
  only_media: Flag,
  pinned: Flag,
  tagged: z.string().optional(),
});
