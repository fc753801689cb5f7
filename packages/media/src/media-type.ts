import type { MediaKind, MediaMimeType } from '@vibetribe/media-rules/media-facts';

export const imageBytesMax = 10 * 1024 * 1024;
export const videoBytesMax = 100 * 1024 * 1024;
export const documentBytesMax = 100 * 1024 * 1024;

export interface MediaType {
  readonly kind: MediaKind;
  readonly bytesMax: number;
  /** Without the dot. */
  readonly extension: string;
}

export const mediaTypes: Readonly<Record<MediaMimeType, MediaType>> = {
  'image/jpeg': image('jpg'),
  'image/png': image('png'),
  'image/gif': image('gif'),
  'image/webp': image('webp'),
  'image/heic': image('heic'),
  'image/avif': image('avif'),
  'video/mp4': video('mp4'),
  'video/quicktime': video('mov'),
  'video/mpeg': video('mpg'),
  'video/webm': video('webm'),
  'application/pdf': document('pdf'),
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': document('pptx'),
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': document('docx'),
  'application/vnd.ms-powerpoint': document('ppt'),
  'application/msword': document('doc'),
};

export function extensionOf(mimeType: MediaMimeType): string {
  return mediaTypes[mimeType].extension;
}

function image(extension: string): MediaType {
  return { kind: 'image', bytesMax: imageBytesMax, extension };
}

function video(extension: string): MediaType {
  return { kind: 'video', bytesMax: videoBytesMax, extension };
}

function document(extension: string): MediaType {
  return { kind: 'document', bytesMax: documentBytesMax, extension };
}
