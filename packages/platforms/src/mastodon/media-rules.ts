import type { ImageRules, MediaRules, ServerMediaLimits, VideoRules } from '@vibetribe/media-rules/media-rules';

const megabyte = 1024 * 1024;

/** The defaults of https://docs.joinmastodon.org/entities/Instance/#configuration-media_attachments, for instances that do not tell. */
export const mastodonMediaRules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 1_500,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], bytesMax: 16 * megabyte, pixelsMax: 33_177_600 },
  animation: { mimeTypes: ['image/gif'], bytesMax: 16 * megabyte, pixelsMax: 33_177_600, alone: false },
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'],
    bytesMax: 99 * megabyte,
    pixelsMax: 8_294_400,
    framesPerSecondMax: 120,
  },
};

/** The same as one instance has them. A kind of file that it does not name is not taken there. */
export function instanceMediaRules(limits: ServerMediaLimits): MediaRules {
  const { image, animation, video, countMax: countByDefault } = mastodonMediaRules;
  const { countMax = countByDefault, altCharactersMax = mastodonMediaRules.altCharactersMax } = limits;
  const images = narrowed(image, { bytesMax: limits.imageBytesMax, pixelsMax: limits.imagePixelsMax }, limits);
  const animations = narrowed(animation, { bytesMax: limits.imageBytesMax, pixelsMax: limits.imagePixelsMax }, limits);
  const { videoBytesMax: bytesMax, videoPixelsMax: pixelsMax, framesPerSecondMax } = limits;
  const videos = narrowed(video, { bytesMax, pixelsMax, framesPerSecondMax }, limits);
  return {
    ...mastodonMediaRules,
    countMax,
    altCharactersMax,
    imagesMax: images === null ? 0 : countMax,
    videosMax: videos === null ? 0 : mastodonMediaRules.videosMax,
    image: images,
    animation: animations,
    video: videos,
  };
}

type Told = Readonly<Partial<Record<'bytesMax' | 'pixelsMax' | 'framesPerSecondMax', number | undefined>>>;

/** Null where the instance takes none of the types. */
function narrowed<Rules extends ImageRules | VideoRules>(
  rules: Rules | null,
  told: Told,
  limits: ServerMediaLimits,
): Rules | null {
  if (rules === null) return null;
  const mimeTypes = rules.mimeTypes.filter((mimeType) => limits.mimeTypes?.includes(mimeType) ?? true);
  const known = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
  return mimeTypes.length === 0 ? null : { ...rules, ...known, mimeTypes };
}
