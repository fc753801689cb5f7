import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidParameter, noSuchObject, refuse } from '../graph/answers.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import { ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import type { PostMedium } from '../state/posts.ts';
import { parseContainerBody, type ContainerBody } from './container-body.ts';
import type { Container } from './containers.ts';
import { containersOfAccount, postsOfAccount } from './limits.ts';
import { imageOf, videoOf } from './media-checks.ts';
import type { InstagramParts } from './parts.ts';

const imageWorkMs = 500;
const videoWorkMs = 2_500;

/** https://developers.facebook.com/docs/instagram-platform/content-publishing */
export function publishRoutes(app: FastifyInstance, context: SiteContext, parts: InstagramParts): void {
  const { sandbox, platform } = context;
  const { admission, containers, posts } = parts;

  app.post<{ Params: { version: string; id: string } }>(`${versionPath}/:id/media`, async (request, reply) => {
    const account = admission.account(request, reply, request.params.id, 'content_publish');
    const body = parseContainerBody(parametersOf(request));
    const [made] = sandbox.limits.draw(platform, [{ limit: containersOfAccount, subject: account.id }]);
    if (made?.exceeded === true)
      throw refuse({ code: 4, message: '(#4) Application request limit reached', isTransient: true });
    const common = { account: account.id, caption: body.caption, fault: null };
    if (body.mediaType === 'CAROUSEL') {
      const children = body.children.map((id) => requireChild(account, id).id);
      return { id: containers.add({ ...common, kind: 'carousel', medium: null, children }, imageWorkMs).id };
    }
    const kind = kindOf(body);
    if (body.isResumable) {
      const { id } = containers.add({ ...common, kind, medium: null, children: [] }, 0);
      return { id, uri: `${context.origin()}/ig-api-upload/${versionIn(request)}/${id}` };
    }
    if (body.videoUrl !== undefined && body.mediaType !== 'IMAGE') {
      const video = videoOf(await fetchFile(body.videoUrl));
      const found = 'medium' in video ? { medium: video.medium } : { medium: null, fault: video.fault };
      return { id: containers.add({ ...common, kind, children: [], ...found }, videoWorkMs).id };
    }
    if (body.imageUrl === undefined) throw invalidParameter('The parameter image_url or video_url is required');
    const medium = imageOf(await fetchFile(body.imageUrl), body.alt, kind === 'story');
    return { id: containers.add({ ...common, kind, medium, children: [] }, imageWorkMs).id };
  });

  /** The host for bytes. */
  app.post<{ Params: { version: string; id: string } }>('/ig-api-upload/:version/:id', async (request) => {
    const { accounts } = admission.opened(request);
    const container = containers.get(request.params.id);
    if (container === undefined || !accounts.includes(container.account)) throw noSuchObject(request.params.id, 'post');
    const url = headerOf(request, 'file_url');
    const file = url === undefined ? request.body : await fetchFile(url);
    if (!(file instanceof ReceivedFile)) throw uploadFailed('The file could not be read');
    if (
      url === undefined &&
      (Number(headerOf(request, 'offset')) !== 0 || Number(headerOf(request, 'file_size')) !== file.bytes)
    ) {
      throw uploadFailed('The sandbox takes a file whole: offset 0, and file_size its length');
    }
    const video = videoOf(file);
    containers.amend(
      { ...container, ...('medium' in video ? { medium: video.medium } : { fault: video.fault }) },
      videoWorkMs,
    );
    return { success: true, message: 'Upload successful.' };
  });

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/media_publish`, (request, reply) => {
    const account = admission.account(request, reply, request.params.id, 'content_publish');
    const container = containers.get(parametersOf(request)['creation_id'] ?? '');
    if (container === undefined || container.account !== account.id || container.kind === 'child') {
      throw refuse({ code: 24, subcode: 2_207_006, message: 'The requested resource does not exist' });
    }
    switch (containers.statusOf(container)) {
      case 'EXPIRED':
        throw refuse({ code: -2, subcode: 2_207_020, message: 'The media you are trying to access has expired.' });
      case 'ERROR':
        throw refuse({ code: -1, subcode: 2_207_032, message: 'Create media fail, please try to re-create media' });
      case 'IN_PROGRESS':
      case 'PUBLISHED':
        throw refuse({ code: 9007, subcode: 2_207_027, message: 'Media ID is not available' });
      case 'FINISHED':
        break;
    }
    const [quota] = sandbox.limits.draw(platform, [{ limit: postsOfAccount, subject: account.id }]);
    if (quota?.exceeded === true) {
      throw refuse({
        code: 9,
        subcode: 2_207_042,
        message: 'You reached maximum number of posts that is allowed to be published by Content Publishing API.',
      });
    }
    const kind = container.kind;
    const media = mediaOf(container);
    const post = posts.publish(account, { kind, caption: container.caption, media }, (id) => [
      containers.published(container, id),
    ]);
    return { id: post.id };
  });

  function requireChild(account: Account, id: string): Container {
    const child = containers.get(id);
    if (child === undefined || child.account !== account.id || child.kind !== 'child') {
      throw refuse({ code: 24, subcode: 2_207_006, message: 'The requested resource does not exist' });
    }
    if (containers.statusOf(child) !== 'FINISHED')
      throw refuse({ code: 9007, subcode: 2_207_027, message: 'Media ID is not available' });
    return child;
  }

  function mediaOf({ medium, children }: Container): PostMedium[] {
    if (medium !== null) return [medium];
    return children.flatMap((id) => containers.get(id)?.medium ?? []);
  }
}

function kindOf({ mediaType, isChild }: ContainerBody): 'image' | 'reel' | 'story' | 'child' {
  if (isChild) return 'child';
  if (mediaType === 'STORIES') return 'story';
  return mediaType === 'IMAGE' ? 'image' : 'reel';
}

function versionIn(request: FastifyRequest): string {
  return /\/(v\d+\.\d+)\//u.exec(request.originalUrl)?.[1] ?? 'v25.0';
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function uploadFailed(message: string) {
  return refuse({ code: 100, message });
}
