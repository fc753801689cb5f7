import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { mediumOf, type ReceivedFile, sizeOfImage } from '../uploads/received-file.ts';
import { PostMedium } from '../state/posts.ts';
import { randomSecret } from '../state/random-secret.ts';
import { invalidInput, notFound } from './answers.ts';
import { documentBytesMax, imagePixelsMax, videoBytes } from './limits.ts';

export type AssetKind = 'image' | 'video' | 'document';
export type Asset = z.infer<typeof Asset>;
export type AssetStatus = 'WAITING_UPLOAD' | 'PROCESSING' | 'AVAILABLE' | 'PROCESSING_FAILED';

export type Assets = {
  /** @param bytes told ahead for a video, which comes in parts */
  begin(owner: string, kind: AssetKind, bytes: number): Asset;
  /** By the secret in its upload address. */
  uploading(secret: string): Asset | undefined;
  receive(asset: Asset, file: ReceivedFile): void;
  /** Gives the part's ETag. @throws {RefusalError} 400 */
  receivePart(asset: Asset, index: number, file: ReceivedFile): string;
  /** @throws {RefusalError} 400 where parts are missing or named wrongly */
  finalize(asset: Asset, etags: readonly string[]): Promise<void>;
  get(urn: string): Asset | undefined;
  statusOf(asset: Asset): AssetStatus;
  /** As a post of this owner may show it. @throws {RefusalError} 400 */
  shown(owner: string, urn: string): PostMedium;
  clear(): Change[];
};

/** Of all parts but the last. */
export const partBytes = 4 * 1024 * 1024;
const processingMs = 400;
const uploadLifeMs = 24 * 3_600_000;

export function createAssets({ sandbox }: SiteContext): Assets {
  const { store, clock, segments } = sandbox;
  const table = store.table('linkedin.assets', Asset);
  const bySecret = new Map<string, string>();
  table.onChange((_before, after) => {
    if (after !== undefined) bySecret.set(after.secret, after.urn);
  });
  const put = (asset: Asset) => store.commit([table.put(asset.urn, asset)]);
  const placeOf = ({ secret }: Asset) => `linkedin-${secret}`;

  function finish(asset: Asset, file: ReceivedFile): void {
    const medium = mediumOf(file, null);
    const type = asset.kind === 'video' ? 'video' : asset.kind === 'image' ? 'image' : 'document';
    const isGood = asset.kind === 'video' || (asset.kind === 'image' ? isPicture(file) : isDocument(file));
    put({ ...asset, medium: { ...medium, type }, readyAtMs: clock.nowMs() + processingMs, isGood });
  }

  function statusOf({ medium, readyAtMs, isGood }: Asset): AssetStatus {
    if (medium === null) return 'WAITING_UPLOAD';
    if (readyAtMs > clock.nowMs()) return 'PROCESSING';
    return isGood ? 'AVAILABLE' : 'PROCESSING_FAILED';
  }

  return {
    begin(owner, kind, bytes) {
      if (kind === 'video' && (bytes < videoBytes.min || bytes > videoBytes.max))
        throw invalidInput(
          'INVALID_VALUE_FOR_FIELD',
          'a video has 75 KB to 500 MB',
          '/initializeUploadRequest/fileSizeBytes',
        );
      const id = `D4E${randomSecret(12).replaceAll('-', '_')}`;
      const asset: Asset = {
        urn: `urn:li:${kind}:${id}`,
        owner,
        kind,
        bytes,
        secret: randomSecret(18),
        parts: [],
        medium: null,
        readyAtMs: 0,
        isGood: true,
        expiresAtMs: clock.nowMs() + uploadLifeMs,
      };
      put(asset);
      return asset;
    },
    uploading(secret) {
      const asset = table.get(bySecret.get(secret) ?? '');
      return asset === undefined || asset.expiresAtMs <= clock.nowMs() ? undefined : asset;
    },
    receive(asset, file) {
      if (asset.kind === 'document' && file.bytes > documentBytesMax)
        throw invalidInput('INVALID_VALUE_FOR_FIELD', 'a document has up to 100 MB');
      finish(asset, file);
    },
    receivePart(asset, index, file) {
      const last = Math.ceil(asset.bytes / partBytes) - 1;
      const expected = index === last ? asset.bytes - last * partBytes : partBytes;
      if (index > last || file.bytes !== expected)
        throw invalidInput('INVALID_REQUEST', `part ${index} has ${expected} bytes, not ${file.bytes}`);
      segments.write(placeOf(asset), index, file.head);
      const others = asset.parts.filter((part) => part.index !== index);
      put({
        ...asset,
        parts: [...others, { index, etag: file.sha256 }].toSorted((one, other) => one.index - other.index),
      });
      return file.sha256;
    },
    async finalize(asset, etags) {
      const known = asset.parts.map(({ etag }) => etag);
      const isWhole = known.length === Math.ceil(asset.bytes / partBytes) && known.join() === etags.join();
      if (!isWhole)
        throw invalidInput(
          'INVALID_VALUE_FOR_FIELD',
          'are not the parts that came',
          '/finalizeUploadRequest/uploadedPartIds',
        );
      if (asset.medium !== null) return;
      const indexes = asset.parts.map(({ index }) => index);
      finish(asset, await segments.join(placeOf(asset), indexes, 'video/mp4'));
      segments.drop(placeOf(asset));
    },
    get: (urn) => table.get(urn),
    statusOf,
    shown(owner, urn) {
      const asset = table.get(urn);
      if (asset === undefined)
        throw asset === undefined && urn.includes(':image:')
          ? invalidInput('INVALID_IMAGE_ID', `${urn} does not exist`)
          : notFound(urn);
      if (asset.owner !== owner) throw invalidInput('INVALID_CONTENT_OWNERSHIP', `${urn} belongs to somebody else`);
      const status = statusOf(asset);
      if (status !== 'AVAILABLE' || asset.medium === null)
        throw invalidInput(`MEDIA_ASSET_${status}`, `${urn} is ${status}`);
      return asset.medium;
    },
    clear: () => Array.from(table.rows(), ({ urn }) => table.drop(urn)),
  };
}

function isPicture({ head }: ReceivedFile): boolean {
  const size = sizeOfImage(head);
  return size !== undefined && ['jpg', 'png', 'gif'].includes(size.type) && size.width * size.height < imagePixelsMax;
}

/** PDF, the zip of newer Office files, and older Office files. */
const documentStarts = ['%PDF-', 'PK\x03\x04', '\xd0\xcf\x11\xe0'];

function isDocument({ head }: ReceivedFile): boolean {
  return documentStarts.some((start) => head.toString('latin1', 0, start.length) === start);
}

const Asset = z.object({
  urn: z.string(),
  owner: z.string(),
  kind: z.enum(['image', 'video', 'document']),
  bytes: z.number(),
  secret: z.string(),
  parts: z.array(z.object({ index: z.number(), etag: z.string() })),
  medium: PostMedium.nullable(),
  readyAtMs: z.number(),
  isGood: z.boolean(),
  expiresAtMs: z.number(),
});
