import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalidParameter, missingPermission, noSuchObject, refuse } from '../graph/answers.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import { pageOf } from '../graph/page-of.ts';
import { fileIn, flagIn, listIn, parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import type { FacebookParts } from './parts.ts';
import { viewPost } from './views.ts';
import { listedPosts } from '../state/listed-posts.ts';

const publish = ['pages_manage_posts', 'pages_read_engagement'];

/** What a page posts: words, links, photos. https://developers.facebook.com/docs/pages-api/posts */
export function feedRoutes(app: FastifyInstance, context: SiteContext, parts: FacebookParts): void {
  const { sandbox, site } = context;
  const { admission, posts, photos } = parts;

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/feed`, (request, reply) => {
    const page = admission.page(request, reply, request.params.id, publish);
    const given = parametersOf(request);
    const ids = attachedIds(listIn(given, 'attached_media'));
    const attached = photos.attachable(page, ids);
    const content = { message: given['message'] ?? '', link: given['link'] ?? null, photos: ids, video: null };
    const attach = (post: string) => photos.attach(attached, post);
    if (!flagIn(given, 'published', true)) return { id: posts.draft(page, content, attach).id };
    const post = posts.create(
      page,
      content,
      attached.map(({ medium }) => medium),
      attach,
    );
    return { id: post.id };
  });

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/photos`, async (request, reply) => {
    const page = admission.page(request, reply, request.params.id, publish);
    const given = parametersOf(request);
    const file = fileIn(request, 'source') ?? (await fetched(given['url']));
    const photo = photos.add(page, file, given['alt_text_custom'] ?? null);
    if (!flagIn(given, 'published', true)) return { id: photo.id };
    const message = given['caption'] ?? given['message'] ?? '';
    const content = { message, link: null, photos: [photo.id], video: null };
    const post = posts.create(page, content, [photo.medium], (id) => photos.attach([photo], id));
    return { id: photo.id, post_id: post.id };
  });

  for (const edge of ['feed', 'published_posts', 'posts']) {
    app.get<{ Params: { id: string } }>(
      `${versionPath}/:id/${edge}`,
      { config: { listing: true } },
      (request, reply) => {
        const page = admission.page(request, reply, request.params.id, ['pages_read_engagement']);
        const given = parametersOf(request);
        return pageOf(listedPosts(context, request, page.id), given, (post) =>
          viewPost(context, parts, post, given['fields']),
        );
      },
    );
  }

  /** Publishing what was created unpublished, and editing. Taking back into the dark is not offered. */
  app.post<{ Params: { id: string } }>(`${versionPath}/:id(^[0-9_]+$)`, (request, reply) => {
    const { id } = request.params;
    const [pageId = ''] = id.split('_');
    const asking = admission.caller(request);
    if (asking.kind !== 'page' || asking.page.id !== pageId) throw missingPermission('pages_manage_posts');
    admission.page(request, reply, pageId, publish);
    const given = parametersOf(request);
    const draft = posts.draftOf(id);
    const known = sandbox.posts.get(site, id);
    if (draft === undefined && known === undefined) throw noSuchObject(id, 'post');
    if (given['is_published'] !== undefined) {
      if (!flagIn(given, 'is_published', true)) throw invalidParameter('Un-publishing is not supported');
      if (draft !== undefined) posts.publish(draft, photos.mediaOf(draft.photos));
    }
    if (given['message'] !== undefined) {
      const post = sandbox.posts.get(site, id);
      if (post === undefined) throw invalidParameter('Only a published post can be edited here');
      posts.edit(post, given['message']);
    }
    return { success: true };
  });
}

const Attached = z.union([z.string(), z.object({ media_fbid: z.union([z.string(), z.number()]) })]);

function attachedIds(given: readonly unknown[]): string[] {
  return given.map((each) => {
    const parsed = Attached.safeParse(typeof each === 'number' ? String(each) : each);
    if (!parsed.success) throw invalidParameter('attached_media must be a list of {media_fbid}');
    return typeof parsed.data === 'string' ? parsed.data : String(parsed.data.media_fbid);
  });
}

async function fetched(url: string | undefined) {
  if (url === undefined) throw refuse({ code: 324, subcode: 2_069_019, message: '(#324) Requires upload file' });
  const file = await fetchFile(url);
  if (file === null) throw refuse({ code: 100, subcode: 1_366_046, message: '(#100) The url could not be fetched' });
  return file;
}
