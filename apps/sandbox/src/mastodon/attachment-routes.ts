import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { MultipartForm } from '../uploads/multipart-form.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import { admit } from './admit.ts';
import { recordNotFound, validationFailed } from './answers.ts';
import type { Attachment, Attachments } from './attachments.ts';
import { statusLimits } from './limits.ts';

const anyScope = ['write', 'write:media'];

/** https://docs.joinmastodon.org/methods/media/ */
export function attachmentRoutes(app: FastifyInstance, context: SiteContext, attachments: Attachments): void {
  const origin = () => context.origin();

  app.post('/api/v2/media', (request, reply) => {
    const { account } = admit(context, request, reply, { anyScope, limit: statusLimits.media });
    const { body } = request;
    const file = body instanceof MultipartForm ? body.file('file') : undefined;
    if (!(body instanceof MultipartForm) || file === undefined)
      throw new RefusalError(validationFailed("File can't be blank"));
    const attachment = attachments.add(account, file, body.fields['description'] ?? '', focusIn(body.fields['focus']));
    const isReady = attachments.isReady(attachment);
    return reply.code(isReady ? 200 : 202).send(attachmentView(attachment, isReady, origin()));
  });

  app.get<{ Params: { id: string } }>('/api/v1/media/:id', (request, reply) => {
    const { account } = admit(context, request, reply, { anyScope });
    const attachment = attachments.get(account, request.params.id);
    if (attachment === undefined) throw new RefusalError(recordNotFound());
    const isReady = attachments.isReady(attachment);
    return reply.code(isReady ? 200 : 206).send(attachmentView(attachment, isReady, origin()));
  });
}

/** Two numbers from -1 to 1 with a comma between. */
function focusIn(given: string | undefined): { x: number; y: number } | null {
  if (given === undefined || given === '') return null;
  const [x = Number.NaN, y = Number.NaN, ...more] = given.split(',').map(Number);
  if (more.length > 0 || !(Math.abs(x) <= 1 && Math.abs(y) <= 1))
    throw new RefusalError(validationFailed('Invalid focus'));
  return { x, y };
}

/** Where attachments' addresses lead: anybody may look. */
export function pictureRoute(app: FastifyInstance, attachments: Attachments): void {
  app.get<{ Params: { id: string } }>(
    '/system/media_attachments/:id',
    { config: { page: true } },
    async (request, reply) => {
      const picture = /^\d{1,20}$/u.test(request.params.id)
        ? await attachments.pictureOf(request.params.id)
        : undefined;
      if (picture === undefined) throw new RefusalError(recordNotFound());
      return reply.header('content-type', typeInBytes(picture) ?? 'application/octet-stream').send(picture);
    },
  );
}

/** https://docs.joinmastodon.org/entities/MediaAttachment/ */
export function attachmentView({ id, kind, medium, focus }: Attachment, isReady: boolean, origin: string) {
  const { width, height, alt } = medium;
  const address = isReady ? `${origin}/system/media_attachments/${id}` : null;
  const size =
    width === null || height === null ? {} : { width, height, size: `${width}x${height}`, aspect: width / height };
  return {
    id,
    type: kind,
    url: address,
    preview_url: address,
    remote_url: null,
    preview_remote_url: null,
    text_url: null,
    meta: { ...(focus === null ? {} : { focus }), original: size },
    description: alt,
    blurhash: null,
  };
}
