import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { sandboxAccount } from './account.ts';
import type { AssetFacts } from './asset-facts.ts';

type Upload = {
  params: Readonly<Record<string, string>>;
  fileName: string | null;
  publicId: string;
  /** Of what is stored; that the file may stand elsewhere. */
  kind: 'image' | 'video' | 'raw';
  bytes: number;
  facts: AssetFacts;
  etag: string;
  now: Date;
  origin: string;
};

/** https://cloudinary.com/documentation/image_upload_api_reference#upload_response */
export function uploadAnswer(upload: Upload): Record<string, unknown> {
  const { params, fileName, publicId, kind, bytes, facts, etag, now, origin } = upload;
  const version = Math.floor(now.getTime() / 1_000);
  const { size, duration } = facts;
  const format = kind === 'raw' ? null : facts.format;
  const shown = `${publicId.split('/').map(encodeURIComponent).join('/')}${format === null ? '' : `.${format}`}`;
  const url = `${origin}/${sandboxAccount.cloudName}/${kind}/upload/v${version}/${shown}`;
  const signed = `public_id=${publicId}&version=${version}${sandboxAccount.apiSecret}`;
  return {
    asset_id: randomBytes(16).toString('hex'),
    public_id: publicId,
    version,
    version_id: randomBytes(16).toString('hex'),
    signature: createHash('sha1').update(signed).digest('hex'),
    ...(size === null ? {} : { width: size.width, height: size.height }),
    ...(format === null ? {} : { format }),
    resource_type: kind,
    created_at: now.toISOString().replace(/\.\d+Z$/u, 'Z'),
    tags: (params['tags'] ?? '').split(',').filter((tag) => tag !== ''),
    ...(kind === 'image' ? { pages: 1 } : {}),
    bytes,
    type: 'upload',
    etag,
    placeholder: false,
    url,
    secure_url: url,
    ...(publicId.includes('/') ? { folder: publicId.slice(0, publicId.lastIndexOf('/')) } : { folder: '' }),
    ...(kind === 'video' ? { is_audio: facts.contentType.startsWith('audio/'), duration: duration ?? 0 } : {}),
    original_filename: nameWithout(fileName) ?? 'file',
    api_key: sandboxAccount.apiKey,
  };
}

/** `folder` stands before the id that was given, or that is chosen. */
export function publicIdOf(params: Readonly<Record<string, string>>, fileName: string | null, kind: string): string {
  const folder = (params['folder'] ?? '').replaceAll(/^\/+|\/+$/gu, '');
  const random = Array.from(randomBytes(20), (byte) => (byte % 36).toString(36)).join('');
  const ending = kind === 'raw' ? (/\.[a-z\d]{1,10}$/iu.exec(fileName ?? '')?.[0] ?? '') : '';
  const base = nameWithout(fileName);
  const unique =
    params['unique_filename'] === 'false' || params['unique_filename'] === '0' ? '' : `_${random.slice(0, 6)}`;
  const isNamed = params['use_filename'] === 'true' || params['use_filename'] === '1';
  const chosen = isNamed && base !== null ? `${base}${unique}${ending}` : `${random}${ending}`;
  const own = params['public_id'] || chosen;
  return folder === '' ? own : `${folder}/${own}`;
}

export async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function nameWithout(fileName: string | null): string | null {
  const name = fileName?.replace(/\.[^.]*$/u, '').replaceAll(/[^\w-]+/gu, '_') ?? '';
  return name === '' ? null : name;
}
