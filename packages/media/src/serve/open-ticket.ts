import { stat } from 'node:fs/promises';
import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import type { ImageTargetType } from '@vibetribe/media-rules/plan-rendition';
import { partsOfKey } from '../store/local-store.ts';
import type { MediaLibrary } from '../media-library.ts';
import { MediaStoreError } from '../store/media-store.ts';
import { imageBytesMax, mediaTypes } from '../media-type.ts';
import type { FileTicket } from './signed-url.ts';
import { isSystemError } from '../system-error.ts';

/** A file on this machine that may be served. */
export interface TicketFile {
  readonly path: string;
  readonly mimeType: MediaMimeType;
  readonly bytes: number;
  /** Changes where the bytes change. */
  readonly version: string;
}

/**
 * The file a ticket stands for; a transformation is made now, if it has not been yet.
 * @param takesWebp what asks for it can show WebP
 * @throws MediaStoreError `gone` where the original has been deleted, or the rendition swept away; MediaRefusedError
 */
export async function openTicket(
  { store, renditions }: Pick<MediaLibrary, 'store' | 'renditions'>,
  ticket: FileTicket,
  { takesWebp }: { readonly takesWebp: boolean },
): Promise<TicketFile> {
  const { place, key, mimeType, transformation } = ticket;
  if (place === 'r') return fileAt(renditions.pathOf(key), mimeType, key);
  // Asked first: nothing that was made of a deleted original is served.
  const path = await store.fetch({ key, mimeType }, '');
  if (transformation === undefined || mediaTypes[mimeType].kind !== 'image') return fileAt(path, mimeType, key);
  const { quality = null, width = null, height = null } = transformation;
  const target = targetType(transformation.format, mimeType, takesWebp);
  const { organizationId, name } = partsOfKey(key);
  const made = await renditions.make(
    {
      organizationId,
      sha256: name,
      bytes: imageBytesMax,
      mimeType,
      width: 0,
      height: 0,
      path: () => Promise.resolve(path),
    },
    {
      kind: 'render',
      mimeTypes: [target],
      bytesMax: imageBytesMax,
      widthMax: width,
      heightMax: height,
      pixelsMax: null,
      quality,
    },
  );
  return { path: made.path, mimeType: made.mimeType, bytes: made.bytes, version: made.sha256 };
}

/** What may be transparent, and was drawn rather than photographed more often than not. */
const drawnTypes: ReadonlySet<MediaMimeType> = new Set(['image/png', 'image/gif', 'image/webp']);

function targetType(
  format: NonNullable<FileTicket['transformation']>['format'],
  mimeType: MediaMimeType,
  takesWebp: boolean,
): ImageTargetType {
  if (format === 'jpeg' || format === 'png' || format === 'webp') return `image/${format}`;
  if (takesWebp) return 'image/webp';
  return drawnTypes.has(mimeType) ? 'image/png' : 'image/jpeg';
}

async function fileAt(path: string, mimeType: MediaMimeType, version: string): Promise<TicketFile> {
  try {
    const { size } = await stat(path);
    return { path, mimeType, bytes: size, version };
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT')) throw new MediaStoreError('gone', 'The file is gone.', { cause });
    throw cause;
  }
}
