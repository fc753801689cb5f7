import { createHash } from 'node:crypto';
import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';

/** A file in a store. The key is the store's own and never leaves the service unsigned. */
export interface StoredObject {
  readonly key: string;
  readonly mimeType: MediaMimeType;
}

/** How an image is to be shown. Fitted inside, never enlarged; absent: as it is. */
export interface Transformation {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly quality?: number | undefined;
  /** `auto`: whatever the browser takes best. */
  readonly format?: 'auto' | 'jpeg' | 'png' | 'webp' | undefined;
}

/** Where originals live. Every operation may be repeated: the second time changes nothing. */
export interface MediaStore {
  readonly id: 'local' | 'cloudinary';
  /** Where new content belongs. Decided before it is written, so that a crash in between leaves no file that nobody knows of. */
  keyFor(content: NewContent): string;
  /** Keeps the content of the file at `path`, which stays the caller's, in place of whatever is there. @throws MediaStoreError */
  put(path: string, object: StoredObject): Promise<void>;
  /** Whether the file is there, with all of its bytes where the store tells them. @throws MediaStoreError where that cannot be told */
  has(object: StoredObject, bytes: number): Promise<boolean>;
  /**
   * A path on this machine to read it from, but not to change it.
   * @param copy where to put a copy if the store is elsewhere
   * @throws MediaStoreError `gone` where there is no such file
   */
  fetch(object: StoredObject, copy: string): Promise<string>;
  /** @throws MediaStoreError */
  remove(object: StoredObject): Promise<void>;
  /** The store's own public address; null where it has none and one of ours is signed instead. */
  url(object: StoredObject, transformation: Transformation): string | null;
  /** What the store itself says about its use, bytes; null where it does not know. @throws MediaStoreError */
  usage(): Promise<{ readonly bytes: number; readonly bytesMax: number | null } | null>;
}

export interface NewContent {
  readonly organizationId: string;
  readonly userId: string | null;
  /** Hex. */
  readonly sha256: string;
  /** Of the record: the same content, stored anew after it was removed, has another key, so that a late removal cannot meet it. */
  readonly id: string;
  readonly mimeType: MediaMimeType;
  readonly at: Date;
}

/** What a key is made of beside its folders, hex. */
export function nameOf({ sha256, id }: Pick<NewContent, 'sha256' | 'id'>): string {
  return createHash('sha256').update(`${sha256}:${id}`).digest('hex');
}

/** `gone`: there is no such file. `refused`: it will not take this one. `full`: no room is left. `unavailable`: try again later. */
export class MediaStoreError extends Error {
  override readonly name = 'MediaStoreError';
  readonly kind: 'gone' | 'refused' | 'full' | 'unavailable';

  constructor(kind: MediaStoreError['kind'], message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
  }
}
