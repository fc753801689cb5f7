import type { MediaStore, StoredObject, Transformation } from '../store/media-store.ts';
import { extensionOf } from '../media-type.ts';
import { type FileTicket, readFileTicket, signFileTicket } from './signed-url.ts';

/** Addresses of files that browsers and platforms may fetch. */
export interface MediaUrls {
  /** Of an original, as it is or as an image is to be shown. `expiresAt` is null where the address stays. */
  urlOf(
    object: StoredObject,
    transformation?: Transformation,
  ): { readonly url: string; readonly expiresAt: Date | null };
  /** Of exactly this file, on this service. */
  sign(ticket: FileTicket): { readonly url: string; readonly expiresAt: Date };
  /** What a token of ours allows; null for any other. */
  read(token: string): FileTicket | null;
}

export interface MediaUrlsOptions {
  readonly store: Pick<MediaStore, 'url'>;
  /** Known to every process that signs or serves; for nothing else. */
  readonly key: Buffer;
  /** Of the API as browsers and platforms see it, without a slash at its end. */
  readonly origin: () => string;
  readonly now: () => Date;
}

/** Path of the route that serves tickets. The ticket stands in the query: queries are kept out of logs. */
export const mediaFilePath = '/api/v1/media/file';
const lifeMs = 24 * 3_600_000;

export function createMediaUrls({ store, key, origin, now }: MediaUrlsOptions): MediaUrls {
  function sign(ticket: FileTicket) {
    const { token, expiresAt } = signFileTicket(key, ticket, new Date(now().getTime() + lifeMs));
    // Some platforms go by the name's ending.
    return { url: `${origin()}${mediaFilePath}/media.${extensionOf(ticket.mimeType)}?ticket=${token}`, expiresAt };
  }

  return {
    sign,
    urlOf({ key: objectKey, mimeType }, transformation = {}) {
      const own = store.url({ key: objectKey, mimeType }, transformation);
      if (own !== null) return { url: own, expiresAt: null };
      const isPlain = Object.values(transformation).every((value) => value === undefined);
      return sign({
        place: 'o',
        key: objectKey,
        mimeType,
        ...(isPlain ? {} : { transformation: defined(transformation) }),
      });
    },
    read: (token) => readFileTicket(key, token, now()),
  };
}

function defined(transformation: Transformation): NonNullable<FileTicket['transformation']> {
  return Object.fromEntries(Object.entries(transformation).filter(([, value]) => value !== undefined));
}
