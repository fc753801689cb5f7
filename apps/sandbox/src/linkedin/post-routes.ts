import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { parse } from './asset-routes.ts';
import { invalidInput, linkedInAnswers, notFound } from './answers.ts';
import { viewComment } from './comments.ts';
import { commentCharactersMax, createsByApp, createsByMember } from './limits.ts';
import type { LinkedInParts } from './parts.ts';
import { assetsIn, checkCommentary, parsePostBody } from './post-body.ts';
import { listedPosts } from '../state/listed-posts.ts';

const mayWrite = { person: ['w_member_social'], organization: ['w_organization_social'] };
const mayRead = { person: ['r_member_social'], organization: ['r_organization_social'] };
const mayComment = {
  person: ['w_member_social_feed', 'w_member_social'],
  organization: ['w_organization_social_feed', 'w_organization_social'],
};

/** Posts and what stands below them: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api */
export function postRoutes(app: FastifyInstance, context: SiteContext, parts: LinkedInParts): void {
  const { sandbox, platform } = context;
  const { admission, assets, posts, comments, members } = parts;

  app.post('/rest/posts', (request, reply) => {
    const caller = admission.versioned(request);
    const { author: urn, content = null, ...given } = parsePostBody(request.body);
    const author = caller.as(urn, '/author', mayWrite);
    if (given.visibility === 'CONNECTIONS' && members.isOrganization(author.id))
      throw invalidInput('INVALID_VALUE_FOR_FIELD', 'an organization has no connections', '/visibility');
    const media = assetsIn(content).map((each) => ({ ...assets.shown(author.id, each.urn), alt: each.alt }));
    if (content?.article?.thumbnail !== undefined) assets.shown(author.id, content.article.thumbnail);
    if (given.commentary.trim() === '' && content === null)
      throw invalidInput('MISSING_FIELD', 'a post has a text or something to show', '/commentary');
    draw(caller.person);
    const post = posts.create(author, { ...given, content }, media);
    return reply.code(201).headers({ 'x-restli-id': post.id, 'x-linkedin-id': post.id }).send();
  });

  function draw(person: Account): void {
    const draws = [
      { limit: createsByMember, subject: person.id },
      { limit: createsByApp, subject: 'app' },
    ];
    const exceeded = sandbox.limits.draw(platform, draws).find((state) => state.exceeded);
    if (exceeded === undefined) return;
    const { max, resetAtMs } = exceeded;
    throw new RefusalError(linkedInAnswers.rateLimited({ max, resetAtMs, nowMs: sandbox.clock.wallMs() }));
  }

  app.get('/rest/posts', { config: { listing: true } }, (request) => {
    const caller = admission.versioned(request);
    if (request.headers['x-restli-method'] !== 'FINDER')
      throw invalidInput('INVALID_HEADER', 'X-RestLi-Method must be FINDER');
    const { author: urn, count, start } = parse(Finder, request.query);
    const author = caller.as(urn, 'author', mayRead);
    const shown = listedPosts(context, request, author.id);
    const page = shown.slice(start, start + count);
    return { paging: { start, count, links: [], total: shown.length }, elements: page.map(view) };
  });

  app.get<AtPost>('/rest/posts/:urn', (request) => view(readable(request, mayRead)));

  app.post<AtPost>('/rest/posts/:urn', (request, reply) => {
    const post = readable(request, mayWrite);
    if (request.headers['x-restli-method'] !== 'PARTIAL_UPDATE')
      throw invalidInput('INVALID_HEADER', 'X-RestLi-Method must be PARTIAL_UPDATE');
    const { commentary } = parse(Patch, request.body).patch.$set;
    checkCommentary(commentary);
    posts.edit(post, commentary);
    return reply.code(204).send();
  });

  /** What is gone already is deleted too. */
  app.delete<AtPost>('/rest/posts/:urn', (request, reply) => {
    if (posts.get(request.params.urn) === undefined) admission.versioned(request);
    else posts.remove(readable(request, mayWrite));
    return reply.code(204).send();
  });

  app.post<AtPost>('/rest/socialActions/:urn/comments', (request, reply) => {
    const caller = admission.versioned(request);
    const post = posts.get(request.params.urn);
    if (post === undefined) throw notFound(request.params.urn);
    const { actor, message } = parse(NewComment, request.body);
    const comment = comments.add(caller.as(actor, '/actor', mayComment), post.id, message.text);
    return reply.code(201).header('x-restli-id', comment.id).send(viewComment(comment));
  });

  app.get<AtPost>('/rest/socialActions/:urn/comments', { config: { listing: true } }, (request) => {
    const post = readable(request, mayRead);
    const { count, start } = parse(Page, request.query);
    const below = comments.below(post.id, request.visit.listingLagMs);
    return {
      paging: { start, count, links: [], total: below.length },
      elements: below.slice(start, start + count).map(viewComment),
    };
  });

  function readable(request: FastifyRequest<AtPost>, scopes: typeof mayRead): Post {
    const caller = admission.versioned(request);
    const post = posts.get(request.params.urn);
    if (post === undefined) throw notFound(request.params.urn);
    caller.as(post.account, 'author', scopes);
    return post;
  }

  function view(post: Post) {
    const facts = posts.factsOf(post.id);
    return {
      id: post.id,
      author: post.account,
      commentary: facts?.commentary ?? '',
      visibility: facts?.visibility ?? 'PUBLIC',
      distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
      ...(facts?.content === null || facts === undefined ? {} : { content: facts.content }),
      lifecycleState: 'PUBLISHED',
      isReshareDisabledByAuthor: facts?.isReshareDisabledByAuthor ?? false,
      createdAt: Date.parse(post.createdAt),
      publishedAt: Date.parse(post.createdAt),
      lastModifiedAt: Date.parse(facts?.lastModifiedAt ?? post.createdAt),
    };
  }
}

type AtPost = { Params: { urn: string } };

const Page = z.object({
  count: z.coerce.number().int().min(1).max(100).default(10),
  start: z.coerce.number().int().min(0).default(0),
});
const Finder = Page.extend({
  q: z.literal('author'),
  author: z.string(),
  sortBy: z.enum(['LAST_MODIFIED', 'CREATED']).default('LAST_MODIFIED'),
});
const Patch = z.strictObject({ patch: z.strictObject({ $set: z.strictObject({ commentary: z.string() }) }) });
const NewComment = z.strictObject({
  actor: z.string(),
  object: z.string().optional(),
  message: z.strictObject({ text: z.string().trim().min(1).max(commentCharactersMax) }),
});
