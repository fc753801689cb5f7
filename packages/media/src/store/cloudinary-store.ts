import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { v2 as cloudinary } from 'cloudinary';
import { z } from 'zod';
import { cloudinaryFault } from './cloudinary-fault.ts';
import { mediaTypes } from '../media-type.ts';
import { type MediaStore, MediaStoreError, nameOf, type StoredObject, type Transformation } from './media-store.ts';

export interface CloudinaryAccount {
  readonly cloudName: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Origins, where a stand-in answers instead of Cloudinary. */
  readonly uploadOrigin?: string | undefined;
  readonly deliveryOrigin?: string | undefined;
}

const uploadTimeoutMs = 120_000;
const callTimeoutMs = 10_000;
const defaultUploadOrigin = 'https://api.cloudinary.com';
/** What lists and previews ask for; made at the upload, so that the first viewer does not wait. */
const preview = { width: 640, height: 640, crop: 'limit', quality: 'auto', fetch_format: 'auto' } as const;

/** Files at Cloudinary, in a folder for each organization, user and day, through its own SDK. */
export function createCloudinaryStore(account: CloudinaryAccount): MediaStore {
  const uploadOrigin = account.uploadOrigin ?? defaultUploadOrigin;
  // The SDK chooses its protocol once, when it is loaded; an agent of the right kind overrules it.
  const agent = uploadOrigin.startsWith('http:')
    ? new HttpAgent({ keepAlive: false })
    : new HttpsAgent({ keepAlive: false });
  const credentials = {
    cloud_name: account.cloudName,
    api_key: account.apiKey,
    api_secret: account.apiSecret,
    upload_prefix: uploadOrigin,
    agent,
  };

  return {
    id: 'cloudinary',
    keyFor({ organizationId, userId, at, ...content }) {
      const day = at.toISOString().slice(0, 10);
      return ['vibetribe', organizationId, userId ?? 'key', day, nameOf(content).slice(0, 32)].join('/');
    },
    async put(path, { key, mimeType }) {
      const { size } = await stat(path);
      const isImage = mediaTypes[mimeType].kind === 'image';
      const answer = await calling(() =>
        cloudinary.uploader.upload(path, {
          ...credentials,
          public_id: key,
          resource_type: resourceTypes[mediaTypes[mimeType].kind],
          overwrite: true,
          invalidate: true,
          ...(isImage ? { eager: [preview], eager_async: true } : {}),
          timeout: uploadTimeoutMs,
        }),
      );
      const { bytes } = Uploaded.parse(answer);
      if (bytes !== size) throw new MediaStoreError('unavailable', `Cloudinary has kept ${bytes} bytes of ${size}.`);
    },
    has: (object) => isDelivered(deliveryUrl(account, object, {})),
    async fetch(object, copy) {
      await download(deliveryUrl(account, object, {}), copy);
      return copy;
    },
    async remove({ key, mimeType }) {
      const options = {
        ...credentials,
        resource_type: resourceTypes[mediaTypes[mimeType].kind],
        invalidate: true,
        timeout: callTimeoutMs,
      };
      await calling(() => cloudinary.uploader.destroy(key, options));
    },
    url: (object, transformation) => deliveryUrl(account, object, transformation),
    async usage() {
      const answer = await calling(() => cloudinary.api.usage({ ...credentials, timeout: callTimeoutMs }));
      const { storage } = Usage.parse(answer);
      return { bytes: storage.usage, bytesMax: storage.limit ?? null };
    },
  };
}

/** Documents are kept and delivered as they are: as pictures, their pages would be drawn. */
const resourceTypes = { image: 'image', video: 'video', document: 'raw' } as const;

const Uploaded = z.object({ bytes: z.number() });
const Usage = z.object({ storage: z.object({ usage: z.number(), limit: z.number().optional() }) });

/** The SDK rejects with objects that hold the account's secret: none of them gets out of here. */
async function calling<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw cloudinaryFault(error);
  }
}

function deliveryUrl(
  account: CloudinaryAccount,
  { key, mimeType }: StoredObject,
  transformation: Transformation,
): string {
  const { width, height, quality, format } = transformation;
  const url = cloudinary.url(key, {
    cloud_name: account.cloudName,
    api_secret: account.apiSecret,
    secure: true,
    sign_url: true,
    urlAnalytics: false,
    resource_type: resourceTypes[mediaTypes[mimeType].kind],
    ...(width === undefined && height === undefined ? {} : { width, height, crop: 'limit' }),
    ...(quality === undefined ? {} : { quality }),
    ...(format === 'auto'
      ? { fetch_format: 'auto' }
      : format === undefined
        ? {}
        : { fetch_format: format === 'jpeg' ? 'jpg' : format }),
  });
  return account.deliveryOrigin === undefined ? url : `${account.deliveryOrigin}${new URL(url).pathname}`;
}

/** Asked of the delivery, which has no limit of calls. */
async function isDelivered(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(callTimeoutMs) });
    if (answer.status === 404) return false;
    if (!answer.ok) throw new MediaStoreError('unavailable', `Cloudinary answered ${answer.status}.`);
    return true;
  } catch (cause) {
    if (cause instanceof MediaStoreError) throw cause;
    throw new MediaStoreError('unavailable', 'Cloudinary could not be reached.', { cause });
  }
}

/** A copy counts once it is whole: half of one is never found under its name. */
async function download(url: string, path: string): Promise<void> {
  const part = `${path}.${createHash('sha256').update(url).digest('hex').slice(0, 8)}.part`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(uploadTimeoutMs) });
    if (answer.status === 404) throw new MediaStoreError('gone', 'The file is not at Cloudinary.');
    if (!answer.ok || answer.body === null)
      throw new MediaStoreError('unavailable', `Cloudinary answered ${answer.status}.`);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(part, { mode: 0o600 }));
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    if (cause instanceof MediaStoreError) throw cause;
    throw new MediaStoreError('unavailable', 'Cloudinary could not be reached.', { cause });
  }
}
