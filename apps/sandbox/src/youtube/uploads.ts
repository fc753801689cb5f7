import { z } from 'zod';
import { badRequest, refuse } from '../google/answers.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { headBytesMax, mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';
import { randomSecret } from '../state/random-secret.ts';
import { chunkMultiple, sessionLifeMs } from './limits.ts';
import { Snippet, Status } from './video-body.ts';

/** A resumable upload. https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol */
export type Upload = z.infer<typeof Upload>;

export type Uploads = {
  begin(channel: Account, upload: Pick<Upload, 'snippet' | 'status' | 'bytes' | 'mimeType'>): Upload;
  /** Undefined once its life is over. */
  get(id: string): Upload | undefined;
  /** What came after what is there already. @throws {RefusalError} 400 */
  append(upload: Upload, range: { first: number; last: number; total: number }, file: ReceivedFile): Upload;
  isWhole(upload: Upload): boolean;
  /** The file that came, put together; null for what is no film. */
  whole(upload: Upload): Promise<PostMedium | null>;
  finished(upload: Upload, video: string): Change;
  clear(): Change[];
};

export function createUploads({ sandbox }: SiteContext): Uploads {
  const { store, clock, segments } = sandbox;
  const table = store.table('youtube.uploads', Upload);
  const placeOf = ({ id }: Upload) => `youtube-${id}`;
  const commit = (upload: Upload): Upload => {
    store.commit([table.put(upload.id, upload)]);
    return upload;
  };

  return {
    begin: (channel, upload) =>
      commit({
        ...upload,
        id: randomSecret(48),
        channel: channel.id,
        received: [],
        medium: null,
        video: null,
        expiresAtMs: clock.nowMs() + sessionLifeMs,
      }),
    get(id) {
      const upload = table.get(id);
      return upload === undefined || upload.expiresAtMs <= clock.nowMs() ? undefined : upload;
    },
    append(upload, { first, last, total }, file) {
      const kept = keptBytes(upload);
      if (total !== upload.bytes || last >= total || last - first + 1 !== file.bytes)
        throw refuse({ code: 400, message: 'Failed to parse Content-Range header.', reason: 'badRequest' });
      // What does not follow on what is there is not kept: the answer tells where to go on.
      if (first !== kept) return upload;
      if (last + 1 < total && file.bytes % chunkMultiple !== 0)
        throw badRequest('badRequest', 'Chunks but the last must be multiples of 256 KiB.');
      if (file.bytes === total) return commit({ ...upload, received: [total], medium: mediumOfFilm(file) });
      if (file.bytes > headBytesMax)
        throw badRequest('badRequest', `The sandbox takes chunks of up to ${headBytesMax} bytes`);
      segments.write(placeOf(upload), upload.received.length, file.head);
      return commit({ ...upload, received: [...upload.received, file.bytes] });
    },
    isWhole: (upload) => keptBytes(upload) === upload.bytes,
    async whole(upload) {
      if (upload.received.length === 1) return upload.medium;
      const indexes = upload.received.map((_, index) => index);
      return mediumOfFilm(await segments.join(placeOf(upload), indexes, 'video/mp4'));
    },
    finished(upload, video) {
      segments.drop(placeOf(upload));
      return table.put(upload.id, { ...upload, video });
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

export function keptBytes({ received }: Upload): number {
  return received.reduce((sum, bytes) => sum + bytes, 0);
}

function mediumOfFilm(file: ReceivedFile): PostMedium | null {
  const isFilm = typeInBytes(file.head)?.startsWith('video/') === true;
  return isFilm ? { ...mediumOf(file, null), type: 'video' } : null;
}

const Upload = z.object({
  id: z.string(),
  channel: z.string(),
  snippet: Snippet,
  status: Status,
  bytes: z.number(),
  mimeType: z.string(),
  /** Lengths of the pieces that came, in their order. */
  received: z.array(z.number()),
  medium: PostMedium.nullable(),
  /** Null until all of it has come. */
  video: z.string().nullable(),
  expiresAtMs: z.number(),
});
