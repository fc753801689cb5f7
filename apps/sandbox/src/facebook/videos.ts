import { z } from 'zod';
import { invalidParameter, noSuchObject, refuse } from '../graph/answers.ts';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { headBytesMax, mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';

/** A video of a page, from the beginning of its upload on. Times are of the movable clock. */
export type Video = z.infer<typeof Video>;

export type Videos = {
  begin(page: Account, kind: Video['kind'], bytes: number | null): Video;
  /** A piece of the file, which has to begin where the last one ended. @throws {RefusalError} 6001 with the offset that is missing */
  append(video: Video, offset: number, piece: ReceivedFile): Video;
  /** All of it at once. */
  put(video: Video, file: ReceivedFile): Video;
  /** The file that came, put together; null for what no player opens. @throws {RefusalError} 6000 where a part is missing */
  whole(video: Video): Promise<PostMedium | null>;
  /** What becomes of it from now on: shown as this post, or refused when it is looked at. */
  finish(video: Video, end: { medium: PostMedium; post: string } | 'refused'): Change;
  get(id: string): Video | undefined;
  ofSession(session: string): Video | undefined;
  require(page: Account, id: string): Video;
  /** `processing` for a while after the end of the upload. */
  stateOf(video: Video): 'uploading' | 'processing' | 'ready' | 'error';
  remove(id: string): void;
  clear(): Change[];
};

const processingMs = 3_000;

export function createVideos({ sandbox }: SiteContext): Videos {
  const { store, clock, segments } = sandbox;
  const table = store.table('facebook.videos', Video);
  const commit = (video: Video): Video => {
    store.commit([table.put(video.id, video)]);
    return video;
  };

  return {
    begin(page, kind, bytes) {
      const id = newGraphId('12', 16, (taken) => table.has(taken));
      const session = newGraphId('13', 16, () => false);
      return commit({
        id,
        session,
        page: page.id,
        kind,
        bytes,
        received: [],
        medium: null,
        post: null,
        finishedAtMs: null,
      });
    },
    append(video, offset, piece) {
      const expected = receivedBytes(video);
      if (offset !== expected) {
        throw refuse({
          code: 6001,
          subcode: 1_363_037,
          message: '(#6001) There was a problem uploading your video. Please try uploading it again.',
          isTransient: true,
          data: { start_offset: String(expected), end_offset: String(video.bytes ?? expected) },
        });
      }
      if (video.bytes !== null && expected + piece.bytes > video.bytes)
        throw invalidParameter('More bytes than file_size');
      if (piece.bytes === video.bytes)
        return commit({ ...video, received: [piece.bytes], medium: mediumOfVideo(piece) });
      if (piece.bytes > headBytesMax) throw invalidParameter(`A part of a file may have up to ${headBytesMax} bytes`);
      segments.write(video.id, video.received.length, piece.head);
      return commit({ ...video, received: [...video.received, piece.bytes] });
    },
    put: (video, file) => commit({ ...video, bytes: file.bytes, received: [file.bytes], medium: mediumOfVideo(file) }),
    async whole(video) {
      if (video.received.length === 0 || receivedBytes(video) !== video.bytes) {
        throw refuse({
          code: 6000,
          subcode: 1_363_030,
          message: '(#6000) There was a problem uploading your video file',
        });
      }
      if (video.received.length === 1) return video.medium;
      const indexes = video.received.map((_, index) => index);
      return mediumOfVideo(await segments.join(video.id, indexes, 'video/mp4'));
    },
    finish(video, end) {
      segments.drop(video.id);
      const finishedAtMs = clock.nowMs();
      if (end === 'refused') return table.put(video.id, { ...video, finishedAtMs });
      return table.put(video.id, { ...video, finishedAtMs, medium: end.medium, post: end.post });
    },
    get: (id) => table.get(id),
    ofSession: (session) => Array.from(table.rows()).find((video) => video.session === session),
    require(page, id) {
      const video = table.get(id);
      if (video === undefined || video.page !== page.id) throw noSuchObject(id);
      return video;
    },
    stateOf({ finishedAtMs, post }) {
      if (finishedAtMs === null) return 'uploading';
      if (clock.nowMs() < finishedAtMs + processingMs) return 'processing';
      return post === null ? 'error' : 'ready';
    },
    remove(id) {
      if (!table.has(id)) throw noSuchObject(id, 'delete');
      store.commit([table.drop(id)]);
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

export function receivedBytes({ received }: Video): number {
  return received.reduce((sum, bytes) => sum + bytes, 0);
}

/** Null for what no player opens: an MP4 or QuickTime file begins with its kind. */
export function mediumOfVideo(file: ReceivedFile): PostMedium | null {
  const box = file.head.toString('latin1', 4, 8);
  return box === 'ftyp' || box === 'moov' ? { ...mediumOf(file, null), type: 'video' } : null;
}

const Video = z.object({
  id: z.string(),
  session: z.string(),
  page: z.string(),
  kind: z.enum(['video', 'reel']),
  /** What the upload said it would have; null where it did not say. */
  bytes: z.number().nullable(),
  /** Lengths of the pieces that came, in their order. */
  received: z.array(z.number()),
  medium: PostMedium.nullable(),
  post: z.string().nullable(),
  /** Null while it is being uploaded. */
  finishedAtMs: z.number().nullable(),
});
