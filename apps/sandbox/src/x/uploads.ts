import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { mediumOf, type ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { invalidRequest } from './answers.ts';
import { categories, type Category, categoryNames, keyPrefixes, uploadLifeSeconds } from './media-rules.ts';

/** A medium that was uploaded, or is being. Times are of the movable clock. */
export type Upload = z.infer<typeof Upload>;

export type Uploads = {
  /** @throws {RefusalError} 400 */
  begin(account: Account, wanted: { category: Category; mimeType: string; totalBytes: number }): Upload;
  /** A segment that came before is replaced. @throws {RefusalError} 400 */
  append(upload: Upload, index: number, segment: ReceivedFile): void;
  /** Gives the same answer again where it was finalized before. @throws {RefusalError} 400 */
  finalize(upload: Upload): Promise<Upload>;
  /** In one request. @throws {RefusalError} 400 */
  add(account: Account, category: Category, file: ReceivedFile): Upload;
  describe(upload: Upload, alt: string): void;
  /** Living ones of their owner. @throws {RefusalError} 400 */
  require(account: Account, id: string): Upload;
  /** As a post may take them. @throws {RefusalError} 400 */
  attachable(account: Account, ids: readonly string[]): Upload[];
  isReady(upload: Upload): boolean;
};

const processingMs = 400;

export function createUploads({ site, sandbox }: SiteContext): Uploads {
  const { store, clock, segments } = sandbox;
  const table = store.table('x.uploads', Upload);
  const nextId = createSnowflake({
    epochMs: 1_288_834_974_657,
    sequenceBits: 22,
    wallMs: clock.wallMs,
    isTaken: (id) => table.has(id),
  });
  const put = (upload: Upload): Upload => {
    store.commit([table.put(upload.id, upload)]);
    return upload;
  };
  const isReady = ({ file, readyAtMs }: Upload) => file !== null && readyAtMs !== null && readyAtMs <= clock.nowMs();

  function newUpload(account: Account, category: Category, mimeType: string, totalBytes: number): Upload {
    const { mimeTypes, bytesMax } = categories[category];
    if (!mimeTypes.some((type) => type === mimeType))
      throw faulty('media_type', `${mimeType} is not a type of ${category}`);
    if (totalBytes > bytesMax || totalBytes < 1)
      throw faulty('total_bytes', `${category} may have up to ${bytesMax} bytes`);
    const id = nextId();
    const nowMs = clock.nowMs();
    return {
      id,
      site,
      account: account.id,
      key: `${keyPrefixes[category]}_${id}`,
      category,
      mimeType,
      totalBytes,
      segments: [],
      file: null,
      readyAtMs: null,
      expiresAtMs: nowMs + uploadLifeSeconds * 1000,
    };
  }

  /** Images are there at once, the rest after a while. */
  function finished(upload: Upload, file: ReceivedFile): Upload {
    const medium = mediumOf(file, null);
    if (medium.type === 'image' && medium.width === null) throw faulty('media', 'the file is not an image');
    const waitMs = categories[upload.category].isProcessed ? processingMs : 0;
    return put({ ...upload, file: medium, readyAtMs: clock.nowMs() + waitMs });
  }

  function require(account: Account, id: string): Upload {
    const upload = table.get(id);
    if (upload === undefined || upload.account !== account.id || upload.expiresAtMs <= clock.nowMs())
      throw invalidIds([id]);
    return upload;
  }

  return {
    begin: (account, { category, mimeType, totalBytes }) => put(newUpload(account, category, mimeType, totalBytes)),
    append(upload, index, segment) {
      if (upload.file !== null) throw faulty('segment_index', 'the upload is finalized');
      segments.write(upload.id, index, segment.head);
      const others = upload.segments.filter((each) => each.index !== index);
      put({
        ...upload,
        segments: [...others, { index, bytes: segment.bytes }].sort((one, other) => one.index - other.index),
      });
    },
    async finalize(upload) {
      if (upload.file !== null) return upload;
      const sum = upload.segments.reduce((total, { bytes }) => total + bytes, 0);
      const isGapless = upload.segments.every(({ index }, position) => index === position);
      if (!isGapless || sum !== upload.totalBytes)
        throw faulty('media', `${sum} of ${upload.totalBytes} bytes were sent`);
      const file = await segments.join(
        upload.id,
        upload.segments.map(({ index }) => index),
        upload.mimeType,
      );
      const done = finished(upload, file);
      segments.drop(upload.id);
      return done;
    },
    add: (account, category, file) =>
      finished(newUpload(account, category, mimeTypeOf(file, category), file.bytes), file),
    describe(upload, alt) {
      if (upload.file === null) throw faulty('id', 'the upload is not finalized');
      put({ ...upload, file: { ...upload.file, alt } });
    },
    require,
    attachable(account, ids) {
      const uploads = ids.map((id) => require(account, id));
      const images = uploads.filter(({ category }) => category === 'tweet_image').length;
      const isAlone = uploads.length === 1;
      if (new Set(ids).size < ids.length || !uploads.every(isReady) || !(isAlone || images === uploads.length))
        throw invalidIds(ids);
      return uploads;
    },
    isReady,
  };
}

function mimeTypeOf(file: ReceivedFile, category: Category): string {
  const known: readonly string[] = categories[category].mimeTypes;
  return known.includes(file.mimeType) ? file.mimeType : (known[0] ?? file.mimeType);
}

function faulty(parameter: string, message: string): RefusalError {
  return new RefusalError(invalidRequest([{ message, parameters: { [parameter]: [] } }]));
}

function invalidIds(ids: readonly string[]): RefusalError {
  const parameters = { 'media.media_ids': [JSON.stringify(ids)] };
  return new RefusalError(invalidRequest([{ message: 'Your media IDs are invalid.', parameters }]));
}

const Upload = z.object({
  id: z.string(),
  site: z.string(),
  account: z.string(),
  key: z.string(),
  category: z.enum(categoryNames),
  mimeType: z.string(),
  totalBytes: z.number(),
  segments: z.array(z.object({ index: z.number(), bytes: z.number() })),
  /** Null until it is whole. */
  file: PostMedium.nullable(),
  readyAtMs: z.number().nullable(),
  expiresAtMs: z.number(),
});
