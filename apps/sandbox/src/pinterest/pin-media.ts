import { createHash } from 'node:crypto';
import { fetchFile } from '../graph/fetch-file.ts';
import { mediumOf, ReceivedFile, sizeOfImage } from '../uploads/received-file.ts';
import type { PostMedium } from '../state/posts.ts';
import { invalid } from './answers.ts';
import { imageBytesMax } from './limits.ts';
import type { MediaSource } from './pin-body.ts';
import type { PinFacts } from './pins.ts';
import type { Upload, Uploads } from './uploads.ts';

export type PinMedia = { mediaType: PinFacts['mediaType']; media: PostMedium[] };

/** What a pin shows, out of what it is to be made from. @throws {RefusalError} 400 */
export async function pinMediaOf(source: MediaSource, owner: string, uploads: Uploads): Promise<PinMedia> {
  switch (source.source_type) {
    case 'image_url':
      return { mediaType: 'image', media: [pictureOf(await fetchFile(source.url))] };
    case 'image_base64':
      return { mediaType: 'image', media: [pictureOf(decoded(source))] };
    case 'multiple_image_urls':
      return carouselOf(await Promise.all(source.items.map(({ url }) => fetchFile(url))));
    case 'multiple_image_base64':
      return carouselOf(source.items.map(decoded));
    case 'video_id':
      return { mediaType: 'video', media: [filmOf(source, uploads.get(source.media_id), owner, uploads)] };
  }
}

function decoded({ content_type: mimeType, data }: { content_type: string; data: string }): ReceivedFile {
  const head = Buffer.from(data, 'base64');
  const sha256 = createHash('sha256').update(head).digest('hex');
  return new ReceivedFile({ mimeType, bytes: head.byteLength, sha256, head });
}

function pictureOf(file: ReceivedFile | null): PostMedium {
  if (file === null) throw invalid('the image could not be fetched');
  const size = sizeOfImage(file.head);
  if (file.bytes > imageBytesMax || size === undefined || !['jpg', 'png'].includes(size.type))
    throw invalid('the image is too large, or neither JPEG nor PNG');
  return { ...mediumOf(file, null), type: 'image' };
}

function carouselOf(files: readonly (ReceivedFile | null)[]): PinMedia {
  const media = files.map(pictureOf);
  if (new Set(media.map(({ width, height }) => `${width}x${height}`)).size > 1)
    throw invalid('the images of a carousel must have the same size');
  return { mediaType: 'multiple_images', media };
}

function filmOf(
  source: Extract<MediaSource, { source_type: 'video_id' }>,
  upload: Upload | undefined,
  owner: string,
  uploads: Uploads,
): PostMedium {
  if (upload === undefined || upload.owner !== owner) throw invalid('media_id: no such media');
  const status = uploads.statusOf(upload);
  if (status !== 'succeeded' || upload.medium === null) throw invalid(`media_id: the media is ${status}`);
  const { cover_image_data: data, cover_image_content_type: content_type } = source;
  if (data !== undefined && content_type !== undefined) pictureOf(decoded({ data, content_type }));
  else if (source.cover_image_url === undefined && source.cover_image_key_frame_time === undefined)
    throw invalid('a video needs a cover image');
  return upload.medium;
}
