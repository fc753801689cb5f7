import type { FastifyInstance } from 'fastify';
import { invalidParameter, noSuchObject, refuse } from '../graph/answers.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Limit } from '../state/rate-limits.ts';
import type { PostMedium } from '../state/posts.ts';
import { type ContainerBody, parseContainerBody } from './container-body.ts';
import type { Container } from './containers.ts';
import { deletesOfAccount, postsOfAccount, repliesOfAccount } from './limits.ts';
import { imageOf, videoOf } from './media-checks.ts';
import type { ThreadsParts } from './parts.ts';

const textWorkMs = 300;
const imageWorkMs = 500;
const videoWorkMs = 2_500;

/** https://developers.facebook.com/docs/threads/posts */
export function publishRoutes(app: FastifyInstance, context: SiteContext, parts: ThreadsParts): void {
  const { sandbox, site, platform } = context;
  const { admission, containers, posts } = parts;

  app.post<{ Params: { id: string } }>('/v1.0/:id/threads', async (request, reply) => {
    const { account } = admission.named(request, reply, request.params.id, 'threads_content_publish');
    const body = parseContainerBody(parametersOf(request));
    if (body.replyTo !== null) {
      admission.own(request, reply, 'threads_manage_replies');
      if (sandbox.posts.get(site, body.replyTo) === undefined) throw noSuchObject(body.replyTo, 'post');
    }
    const container = containers.add({ ...common(account, body), ...(await contentOf(account, body)) }, workMsOf(body));
    return { id: body.publishesAtOnce ? publish(account, container) : container.id };
  });

  app.post<{ Params: { id: string } }>('/v1.0/:id/threads_publish', (request, reply) => {
    const { account } = admission.named(request, reply, request.params.id, 'threads_content_publish');
    const id = parametersOf(request)['creation_id'] ?? '';
    const container = containers.get(id);
    if (container === undefined || container.account !== account.id || container.isChild) throw mediaNotFound(id);
    if (containers.statusOf(container) !== 'FINISHED') throw mediaNotFound(id);
    return { id: publish(account, container) };
  });

  app.delete<{ Params: { id: string } }>('/v1.0/:id(^[0-9]+$)', (request, reply) => {
    const { id } = request.params;
    const { account } = admission.own(request, reply, 'threads_delete');
    const post = sandbox.posts.get(site, id);
    if (post === undefined || post.account !== account.id) throw noSuchObject(id, 'delete');
    draw(deletesOfAccount, account, 'You reached the limit of deletions.');
    posts.remove(post);
    return { success: true, deleted_id: id };
  });

  async function contentOf(account: Account, body: ContainerBody) {
    switch (body.type) {
      case 'TEXT':
        return { medium: null, children: [], fault: null };
      case 'IMAGE':
        if (body.imageUrl === undefined) throw invalidParameter('The parameter image_url is required');
        return { medium: imageOf(await fetchFile(body.imageUrl), body.alt), children: [], fault: null };
      case 'VIDEO': {
        if (body.videoUrl === undefined) throw invalidParameter('The parameter video_url is required');
        const video = videoOf(await fetchFile(body.videoUrl), body.alt);
        return { medium: null, children: [], fault: null, ...video };
      }
      case 'CAROUSEL':
        return { medium: null, children: body.children.map((id) => requireChild(account, id).id), fault: null };
    }
  }

  function requireChild(account: Account, id: string): Container {
    const child = containers.get(id);
    if (child === undefined || child.account !== account.id || !child.isChild) throw mediaNotFound(id);
    if (containers.statusOf(child) !== 'FINISHED') throw mediaNotFound(id);
    return child;
  }

  function publish(account: Account, container: Container): string {
    const isReply = container.replyTo !== null;
    draw(
      isReply ? repliesOfAccount : postsOfAccount,
      account,
      'You reached the limit of posts that can be published in 24 hours.',
    );
    return posts.publish(account, container, mediaOf(container), (id) => [containers.published(container, id)]).id;
  }

  function draw(limit: Limit, account: Account, message: string): void {
    const [state] = sandbox.limits.draw(platform, [{ limit, subject: account.id }]);
    if (state?.exceeded === true) throw refuse({ code: 613, message: `(#613) ${message}` });
  }

  function mediaOf({ medium, children }: Container): PostMedium[] {
    if (medium !== null) return [medium];
    return children.flatMap((id) => containers.get(id)?.medium ?? []);
  }
}

function common(account: Account, { isChild, text, replyTo, attachment, topicTag, replyControl }: ContainerBody) {
  return { account: account.id, isChild, text, replyTo, attachment, topicTag, replyControl };
}

function workMsOf({ type, publishesAtOnce }: ContainerBody): number {
  if (publishesAtOnce) return 0;
  if (type === 'VIDEO') return videoWorkMs;
  return type === 'TEXT' ? textWorkMs : imageWorkMs;
}

/** What is not ready, published already, expired or unknown is told alike. */
function mediaNotFound(id: string) {
  return refuse({
    code: 24,
    subcode: 4_279_009,
    message: 'The requested resource does not exist',
    title: 'Media Not Found',
    userMessage: `The media with id ${id} cannot be found.`,
  });
}
