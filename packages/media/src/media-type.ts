import type { MediaKind, MediaMimeType } from '@vibetribe/contracts/media';

export const imageBytesMax = 10 * 1024 * 1024;
export const videoBytesMax = 100 * 1024 * 1024;

export interface MediaType {
  readonly kind: MediaKind;
  readonly bytesMax: number;
  /** Without the dot; the first is the one we write. */
  readonly extensions: readonly string[];
  /** Other names the same bytes go under in Content-Type headers. */
  readonly aliases: readonly string[];
}

/** MP4 and QuickTime are one container with two names, which cameras and browsers mix up; the bytes decide. */
const movieExtensions = ['mp4', 'm4v', 'mov', 'qt'];
const movieAliases = ['video/mp4', 'video/quicktime', 'video/x-m4v', 'application/mp4'];

export const mediaTypes: Readonly<Record<MediaMimeType, MediaType>> = {
  'image/jpeg': image(['jpg', 'jpeg', 'jpe', 'jfif'], ['image/jpg', 'image/pjpeg']),
  'image/png': image(['png', 'apng'], ['image/apng', 'image/x-png']),
  'image/gif': image(['gif'], []),
  'image/webp': image(['webp'], []),
  'video/mp4': video(movieExtensions, movieAliases),
  'video/quicktime': video(['mov', ...movieExtensions.filter((name) => name !== 'mov')], movieAliases),
  'video/mpeg': video(['mpg', 'mpeg', 'mpe', 'm1v', 'm2v', 'vob'], ['video/mpg', 'video/x-mpeg', 'video/mp2p']),
  'video/webm': video(['webm'], []),
};

export function extensionOf(mimeType: MediaMimeType): string {
  return mediaTypes[mimeType].extensions[0] ?? 'bin';
}

function image(extensions: readonly string[], aliases: readonly string[]): MediaType {
  return { kind: 'image', bytesMax: imageBytesMax, extensions, aliases };
}

function video(extensions: readonly string[], aliases: readonly string[]): MediaType {
  return { kind: 'video', bytesMax: videoBytesMax, extensions, aliases };
}
