import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import type { Site, SiteContext } from '../site.ts';
import { mediumOf, ReceivedFile, sizeOfImage } from '../uploads/received-file.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import type { Account } from '../state/accounts.ts';
import { answer, refuse } from './answers.ts';
import { creatorInfo } from './creators.ts';
import { checkAllowed, checkChunks, DraftInit, parse, PhotoInit, VideoInit } from './init-body.ts';
import { draftsByUser, photoBytesMax, photoPixels, postsByUser } from './limits.ts';
import type { TikTokParts } from './parts.ts';
import type { Publish } from './publishes.ts';

/** https://developers.tiktok.com/doc/content-posting-api-get-started */
export function publishRoutes(app: FastifyInstance, site: Site, context: SiteContext, parts: TikTokParts): void {
  const { sandbox, platform } = context;
  const { admit, posts, publishes } = parts;

  app.post('/v2/post/publish/creator_info/query/', (request) =>
    answer(creatorInfo(admit(request, { scope: 'video.publish', call: 'creator' }).account)),
  );

  app.post('/v2/post/publish/video/init/', (request) => {
    const admitted = admit(request, { scope: 'video.publish', call: 'init' });
    const { post_info: info, source_info: source } = parse(VideoInit, request.body);
    checkChunks(source);
    checkAllowed(info, admitted);
    drawPost(admitted.account);
    return begun(admitted.account, source, info);
  });

  app.post('/v2/post/publish/inbox/video/init/', (request) => {
    const { account } = admit(request, { scope: 'video.upload', call: 'init' });
    const { source_info: source } = parse(DraftInit, request.body);
    checkChunks(source);
    drawDraft(account);
    return begun(account, source, null);
  });

  function begun(account: Account, source: z.infer<typeof DraftInit>['source_info'], info: Publish['info']) {
    const { video_size: size, chunk_size: chunkSize, total_chunk_count: chunks } = source;
    const publish = publishes.begin(account, { kind: 'video', info, size, chunkSize, chunks });
    return answer({ publish_id: publish.id, upload_url: `${context.origin()}/upload/video/${publish.secret}` });
  }

  /** The address is the permission. Chunks come one after the other; with the last the post is made. */
  app.put<{ Params: { secret: string } }>('/upload/video/:secret', async (request, reply) => {
    const publish = publishes.uploading(request.params.secret);
    if (publish === undefined) return ended(reply, 403);
    if (publish.doneAtMs !== null) return ended(reply, 404);
    const file = request.body;
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/u.exec(request.headers['content-range'] ?? '') ?? [];
    if (!(file instanceof ReceivedFile) || Number(total) !== publish.size) return ended(reply, 400);
    const [from, to] = [Number(first), Number(last) + 1];
    const index = Math.floor(publish.received / publish.chunkSize);
    const isLast = to === publish.size;
    const expected = isLast ? publish.size - (publish.chunks - 1) * publish.chunkSize : publish.chunkSize;
    if (from !== publish.received) return ended(reply, 416);
    if (file.bytes !== to - from || file.bytes !== expected) return ended(reply, 400);
    sandbox.segments.write(placeOf(publish), index, file.head);
    if (!isLast) {
      publishes.put({ ...publish, received: to });
      return reply
        .code(206)
        .header('content-range', `bytes 0-${to - 1}/${publish.size}`)
        .send();
    }
    const indexes = Array.from({ length: index + 1 }, (_, each) => each);
    finishVideo(publish, await sandbox.segments.join(placeOf(publish), indexes, 'video/mp4'));
    sandbox.segments.drop(placeOf(publish));
    return reply.code(201).send();
  });

  function finishVideo(publish: Publish, file: ReceivedFile): void {
    if (publishes.get(publish.id)?.doneAtMs !== null) return;
    const account = sandbox.accounts.byId(site.id, publish.account);
    const isGood = (typeInBytes(file.head) ?? '').startsWith('video/');
    const fault = isGood ? null : 'file_format_check_failed';
    if (account === undefined || publish.info === null || fault !== null) {
      sandbox.store.commit([publishes.done(publish, { post: null, fault })]);
      return;
    }
    const medium = { ...mediumOf(file, null), type: 'video' };
    const { title, privacy_level: privacy } = publish.info;
    posts.create(account, { text: title, title, privacy, media: [medium], details: publish.info }, (post) => [
      publishes.done(publish, { post, fault: null }),
    ]);
  }

  app.post('/v2/post/publish/content/init/', async (request) => {
    const isDirect = z.looseObject({ post_mode: z.literal('DIRECT_POST') }).safeParse(request.body).success;
    const admitted = admit(request, { scope: isDirect ? 'video.publish' : 'video.upload', call: 'init' });
    const body = parse(PhotoInit, request.body);
    const info = body.post_mode === 'DIRECT_POST' ? body.post_info : null;
    if (info !== null) checkAllowed(info, admitted);
    const files = await Promise.all(body.source_info.photo_images.map(fetchFile));
    if (info === null) drawDraft(admitted.account);
    else drawPost(admitted.account);
    const publish = publishes.begin(admitted.account, { kind: 'photo', info, size: 0, chunkSize: 0, chunks: 0 });
    finishPhotos(admitted.account, publish, files);
    return answer({ publish_id: publish.id });
  });

  function finishPhotos(account: Account, publish: Publish, files: readonly (ReceivedFile | null)[]): void {
    const fault = files.includes(null)
      ? 'photo_pull_failed'
      : files.every(isPhoto)
        ? null
        : 'picture_size_check_failed';
    if (publish.info === null || fault !== null) {
      sandbox.store.commit([publishes.done(publish, { post: null, fault })]);
      return;
    }
    const media = files.flatMap((file) => (file === null ? [] : [{ ...mediumOf(file, null), type: 'image' }]));
    const { title, description, privacy_level: privacy } = publish.info;
    posts.create(account, { text: description, title, privacy, media, details: publish.info }, (post) => [
      publishes.done(publish, { post, fault: null }),
    ]);
  }

  app.post('/v2/post/publish/status/fetch/', (request, reply) => {
    const { account } = admit(request, { scope: 'video.publish', call: 'status' });
    const { publish_id: id } = parse(z.strictObject({ publish_id: z.string() }), request.body);
    const publish = publishes.get(id);
    if (publish === undefined) throw refuse(404, 'invalid_publish_id', 'The publish_id does not exist.');
    if (publish.account !== account.id)
      throw refuse(403, 'token_not_authorized_for_specified_publish_id', 'The publish_id belongs to somebody else.');
    const publicId = publishes.publicId(publish);
    const status = publishes.statusOf(publish);
    const body = answer({
      status,
      fail_reason: publish.fault ?? '',
      // An integer beyond what JavaScript's numbers hold; the name is spelled so.
      publicaly_available_post_id: publicId === null ? [] : [`@${publicId}`],
      uploaded_bytes: publish.kind === 'video' ? publish.received : 0,
      downloaded_bytes: 0,
    });
    const text = JSON.stringify(body).replace(/"@(\d+)"/u, '$1');
    return reply.header('content-type', 'application/json; charset=utf-8').send(text);
  });

  function drawDraft(account: Account): void {
    const [state] = sandbox.limits.draw(platform, [{ limit: draftsByUser, subject: account.id }]);
    if (state?.exceeded !== true) return;
    throw refuse(403, 'spam_risk_too_many_pending_share', 'Too many pending shares: 5 in 24 hours.');
  }

  function drawPost(account: Account): void {
    const [state] = sandbox.limits.draw(platform, [{ limit: postsByUser, subject: account.id }]);
    if (state?.exceeded !== true) return;
    throw refuse(403, 'spam_risk_too_many_posts', 'The daily post cap from the API is reached for the current user.');
  }
}

function placeOf({ secret }: Publish): string {
  return `tiktok-${secret}`;
}

function isPhoto(file: ReceivedFile | null): boolean {
  const size = file === null ? undefined : sizeOfImage(file.head);
  if (size === undefined || !['jpg', 'webp'].includes(size.type)) return false;
  const { width, height } = size;
  const isSmall = Math.min(width, height) <= photoPixels.shortMax && Math.max(width, height) <= photoPixels.longMax;
  return isSmall && (file?.bytes ?? 0) <= photoBytesMax;
}

function ended(_reply: FastifyReply, status: number): never {
  throw new RefusalError({ status, body: '', contentType: 'text/plain' });
}
