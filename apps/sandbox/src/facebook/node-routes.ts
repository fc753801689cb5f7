import type { FastifyInstance } from 'fastify';
import { invalidParameter, missingPermission, noSuchObject } from '../graph/answers.ts';
import { pageOf } from '../graph/page-of.ts';
import { readNode } from '../graph/read-node.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { fieldNames } from '../graph/select-fields.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { findAccount } from '../state/connect-account.ts';
import type { Grant } from '../state/grants.ts';
import type { FacebookParts } from './parts.ts';
import { graphTime, viewDraft, viewPage, viewPhoto, viewPost, viewVideo } from './views.ts';

/** Whose token it is, pages, and everything that is asked for by its id. */
export function nodeRoutes(app: FastifyInstance, context: SiteContext, parts: FacebookParts): void {
  const { sandbox, site } = context;
  const { admission, posts, photos, videos, comments, tokens, people } = parts;

  app.get(`${versionPath}/me`, (request) => {
    const asking = admission.caller(request);
    const { fields } = parametersOf(request);
    if (asking.kind === 'page') return viewPage(sandbox, asking.page, fields, {});
    return readNode({ id: asking.person.id, name: asking.person.name }, fields, ['name']);
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/accounts`, (request) => {
    const asking = admission.caller(request);
    if (asking.kind === 'page')
      throw invalidParameter('Tried accessing nonexisting field (accounts) on node type (Page)');
    if (!['me', asking.person.id].includes(request.params.id)) throw noSuchObject(request.params.id);
    if (!asking.scopes.includes('pages_show_list')) throw missingPermission('pages_show_list');
    const chosen = tokens.pagesOf(asking.grant);
    const pages = people.pagesOf(asking.person).filter(({ id }) => chosen.includes(id));
    const given = parametersOf(request);
    return pageOf(pages, given, (page) =>
      withToken(asking.grant, page, given['fields'] ?? 'name,category,access_token,tasks'),
    );
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id(^[0-9_]+$)`, (request) => {
    const { id } = request.params;
    const asking = admission.caller(request);
    const { fields } = parametersOf(request);
    const page = sandbox.accounts.byId(site, id);
    if (page !== undefined)
      return asking.kind === 'person'
        ? withToken(asking.grant, page, fields)
        : viewPage(sandbox, page, fields, linked(page, fields));
    const post = sandbox.posts.get(site, id);
    if (post !== undefined) return viewPost(context, parts, post, fields);
    const draft = viewDraft(context, id, parts, fields);
    if (draft !== undefined) return draft;
    const video = videos.get(id);
    if (video !== undefined) return viewVideo(context, parts, video, fields);
    const photo = photos.get(id);
    if (photo !== undefined) return viewPhoto(context, photo, fields);
    const comment = comments.get(id);
    if (comment === undefined) throw noSuchObject(id);
    const { message, from, createdAt } = comment;
    return readNode({ id, message, from, created_time: graphTime(createdAt) }, fields, [
      'message',
      'from',
      'created_time',
    ]);
  });

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/comments`, (request, reply) => {
    const { id } = request.params;
    const page = pageBehind(id);
    admission.page(request, reply, page.id, ['pages_manage_engagement']);
    const comment = comments.add(page, targetOf(id), parametersOf(request)['message'] ?? '');
    return { id: comment.id };
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/comments`, { config: { listing: true } }, (request) => {
    admission.caller(request);
    const given = parametersOf(request);
    pageBehind(request.params.id);
    const found = comments.below(targetOf(request.params.id), request.visit.listingLagMs);
    const ordered = given['order'] === 'reverse_chronological' ? found : found.toReversed();
    return pageOf(ordered, given, ({ id, message, from, createdAt }) =>
      readNode({ id, message, from, created_time: graphTime(createdAt) }, given['fields'], [
        'message',
        'from',
        'created_time',
      ]),
    );
  });

  app.delete<{ Params: { id: string } }>(`${versionPath}/:id(^[0-9_]+$)`, (request, reply) => {
    const { id } = request.params;
    const comment = comments.get(id);
    const page = comment === undefined ? pageBehind(id) : requirePage(comment.from.id);
    admission.page(request, reply, page.id, ['pages_manage_posts']);
    if (comment !== undefined) comments.remove(id);
    else if (photos.get(id) !== undefined) photos.remove(id);
    else if (videos.get(id) !== undefined) removeVideo(id);
    else posts.remove(id);
    return { success: true };
  });

  function removeVideo(id: string): void {
    const { post } = videos.get(id) ?? { post: null };
    if (post !== null) posts.remove(post);
    videos.remove(id);
  }

  function pageBehind(id: string): Account {
    const known =
      sandbox.posts.get(site, id)?.account ?? posts.context(id)?.page ?? videos.get(id)?.page ?? photos.get(id)?.page;
    if (known === undefined) throw noSuchObject(id);
    return requirePage(known);
  }

  function requirePage(id: string): Account {
    const page = sandbox.accounts.byId(site, id);
    if (page === undefined) throw noSuchObject(id);
    return page;
  }

  /** A video and the post that shows it have the same comments. */
  function targetOf(id: string): string {
    return videos.get(id)?.post ?? id;
  }

  function withToken(consent: Grant, page: Account, fields: string | undefined) {
    const isAsked = fieldNames(fields).includes('access_token');
    const token = isAsked ? { access_token: tokens.ofPage(consent, page) } : {};
    return viewPage(sandbox, page, fields, { ...token, ...linked(page, fields) });
  }

  /** The professional account of the same name, where a neighbour has one. */
  function linked(page: Account, fields: string | undefined) {
    if (!fieldNames(fields).includes('instagram_business_account')) return {};
    const [other] = context.sharing();
    const account = other === undefined ? undefined : findAccount(other, sandbox, page.handle);
    if (account === undefined) return {};
    const { id, handle: username, displayName: name } = account;
    return { instagram_business_account: { id, username, name } };
  }
}
