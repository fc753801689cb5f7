import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inspector } from '@vibetribe/media/inspect/inspector';
import { MediaRefusedError } from '@vibetribe/media/media-refused-error';
import { sniffBytes, sniffType } from '@vibetribe/media/upload/sniff-type';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { FetchError, whyUnread } from '../fetching/fetch-error.ts';
import { fetchGuarded } from '../fetching/fetch-guarded.ts';

/** What is known of a picture as it goes out. `sha256`: hex. */
export const PictureFacts = z.object({
  mimeType: z.string(),
  width: z.number(),
  height: z.number(),
  sha256: z.string(),
});

/** Small enough for every platform that shows cards. */
export interface CardPicture extends Readonly<z.infer<typeof PictureFacts>> {
  readonly bytes: Buffer;
}

export interface PictureReader {
  readonly dispatcher: Dispatcher;
  readonly inspector: Pick<Inspector, 'inspect'>;
  /** A folder for files on their way. */
  readonly directory: string;
  readonly bytesMax: number;
}

/** Servers of Bluesky take a million bytes; nobody shows a card larger than this. */
const target = {
  mimeTypes: ['image/jpeg'],
  bytesMax: 500_000,
  widthMax: 1_200,
  heightMax: 1_200,
  pixelsMax: null,
} as const;
const types = /^(?:image\/|application\/octet-stream)/u;
const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'] as const;
type ImageType = (typeof imageTypes)[number];

/** Fetches a picture and makes it small, in a process that may be killed. A text says why there is none. Never rejects. */
export async function readPicture(
  reader: PictureReader,
  url: string,
  { organizationId, signal }: { readonly organizationId: string; readonly signal: AbortSignal },
): Promise<CardPicture | string> {
  const inputPath = join(reader.directory, `card-${randomUUID()}`);
  const outputPath = `${inputPath}.jpg`;
  const remove = async () => {
    await rm(inputPath, { force: true });
    await rm(outputPath, { force: true });
  };
  try {
    await mkdir(reader.directory, { recursive: true, mode: 0o700 });
    const mimeType = await download(reader, url, inputPath, signal);
    const shrunk = async () => {
      try {
        return await shrink(reader, { inputPath, outputPath, mimeType }, organizationId);
      } finally {
        await remove();
      }
    };
    return await Promise.race([shrunk(), whenAborted(signal)]);
  } catch (error) {
    await remove().catch(() => undefined);
    return error instanceof MediaRefusedError ? 'it is none that can be shown' : whyUnread(error, signal);
  }
}

async function download(
  { dispatcher, bytesMax }: PictureReader,
  url: string,
  path: string,
  signal: AbortSignal,
): Promise<ImageType> {
  const { body } = await fetchGuarded(dispatcher, url, { types, signal });
  await using file = await open(path, 'wx', 0o600);
  let head = Buffer.alloc(0);
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw new FetchError('it is too large');
    if (head.length < sniffBytes) head = Buffer.concat([head, piece.subarray(0, sniffBytes - head.length)]);
    await file.writeFile(piece);
  }
  const { mimeType } = sniffType(head);
  const imageType = imageTypes.find((type) => type === mimeType);
  if (imageType === undefined) throw new FetchError('it is none that can be shown');
  return imageType;
}

/** Reads the size first, so that a picture of too many pixels is refused before anything is decoded. */
async function shrink(
  { inspector }: PictureReader,
  {
    inputPath,
    outputPath,
    mimeType,
  }: { readonly inputPath: string; readonly outputPath: string; readonly mimeType: ImageType },
  organizationId: string,
): Promise<CardPicture> {
  await inspector.inspect({ kind: 'probe', path: inputPath, mimeType }, organizationId);
  const rendering = { kind: 'render', inputPath, outputPath, quality: null, ...target } as const;
  const { width, height, mimeType: rendered } = await inspector.inspect(rendering, organizationId);
  const bytes = await readFile(outputPath);
  return { bytes, mimeType: rendered, width, height, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new FetchError('it did not come in time'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
