import type { MediaFacts } from './media.ts';
import type { ImageRules, MediaRules, VideoRules } from './media-rules.ts';
import { planRendition } from './plan-rendition.ts';

/** `code` is stable; `field` is relative to the variant: `mediaIds`, or `mediaIds.<index>` for one of them. */
export interface MediaFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

export type CheckedMedia = MediaFacts & { readonly alt: string | null };

/**
 * What a platform would refuse about a post's media, and what is changed or lost when it is published there. Warnings do not
 * forbid scheduling. One checker for the list of platforms, validation, scheduling and the publisher.
 * @param platform its name for the messages
 */
export function checkMedia(platform: string, rules: MediaRules, media: readonly CheckedMedia[]): MediaFinding[] {
  if (media.length === 0) {
    return rules.required ? [error('media_missing', `${platform} needs a picture or a video`, 'mediaIds')] : [];
  }
  if (rules.countMax === 0)
    return [error('media_not_supported', `${platform} takes no pictures or videos`, 'mediaIds')];
  return [
    ...countFindings(platform, rules, media),
    ...media.flatMap((one, index) => itemFindings(platform, rules, one, `mediaIds.${index}`)),
  ];
}

function countFindings(platform: string, rules: MediaRules, media: readonly CheckedMedia[]): MediaFinding[] {
  const images = media.filter((one) => one.kind === 'image').length;
  const videos = media.length - images;
  const animations = media.filter((one) => one.animated).length;
  const findings: MediaFinding[] = [];
  const add = (code: string, message: string) => findings.push(error(code, message, 'mediaIds'));
  if (images > rules.imagesMax) add('images_too_many', `${platform} takes ${rules.imagesMax} pictures, not ${images}`);
  if (videos > rules.videosMax) add('videos_too_many', `${platform} takes ${rules.videosMax} videos, not ${videos}`);
  if (images <= rules.imagesMax && videos <= rules.videosMax && media.length > rules.countMax) {
    add('media_too_many', `${platform} takes ${rules.countMax} media, not ${media.length}`);
  }
  if (!rules.mixed && images > 0 && videos > 0)
    add('media_mixed', `${platform} takes no pictures and videos in one post`);
  if (rules.animation?.alone === true && animations > 0 && media.length > 1) {
    add('animation_not_alone', `${platform} takes an animated picture only by itself`);
  }
  return findings;
}

function itemFindings(platform: string, rules: MediaRules, media: CheckedMedia, field: string): MediaFinding[] {
  const findings = [...kindFindings(platform, rules, media, field), ...altFindings(platform, rules, media, field)];
  return findings.some(({ severity }) => severity === 'error')
    ? findings.filter(({ code }) => code !== 'image_converted')
    : findings;
}

function kindFindings(platform: string, rules: MediaRules, media: CheckedMedia, field: string): MediaFinding[] {
  if (media.kind === 'video') {
    if (rules.video === null) return [];
    return videoFindings(platform, rules.video, media, field);
  }
  if (rules.image === null) return [];
  if (media.animated && rules.animation !== null) {
    const { framesMax } = rules.animation;
    const tooLong = framesMax !== undefined && media.frames > framesMax;
    return [
      ...fileFindings(platform, rules.animation, media, field),
      ...sizeFindings(platform, rules.animation, media, field),
      ...(tooLong
        ? [error('frames_too_many', `${platform} takes ${framesMax} frames, not ${media.frames}`, field)]
        : []),
    ];
  }
  return stillFindings(platform, { ...rules, image: rules.image }, media, field);
}

/** Type, size in bytes and too many pixels are mended by a rendition; too few pixels and the shape are not. */
function stillFindings(
  platform: string,
  rules: MediaRules & { image: ImageRules },
  media: CheckedMedia,
  field: string,
): MediaFinding[] {
  const findings = sizeFindings(
    platform,
    { ...rules.image, widthMax: undefined, heightMax: undefined, pixelsMax: undefined },
    media,
    field,
  );
  if (media.animated) findings.push(warning('animation_lost', `${platform} shows the first frame only`, field));
  if (planRendition(rules, { ...media, animated: false, orientation: 1 }).kind === 'render') {
    findings.push(
      warning('image_converted', `The picture is converted to what ${platform} takes; the original stays`, field),
    );
  }
  return findings;
}

function videoFindings(platform: string, rules: VideoRules, media: CheckedMedia, field: string): MediaFinding[] {
  const findings = [...fileFindings(platform, rules, media, field), ...sizeFindings(platform, rules, media, field)];
  const add = (code: string, message: string) => findings.push(error(code, message, field));
  const { durationMs, framesPerSecond, codec, audioCodec } = media;
  if (durationMs !== null) {
    if (durationMs < (rules.durationMsMin ?? 0))
      add(
        'video_too_short',
        `${platform} takes videos of ${seconds(rules.durationMsMin)} s or more, not ${seconds(durationMs)} s`,
      );
    if (durationMs > (rules.durationMsMax ?? Infinity))
      add(
        'video_too_long',
        `${platform} takes videos of ${seconds(rules.durationMsMax)} s at most, not ${seconds(durationMs)} s`,
      );
  }
  if (framesPerSecond !== null) {
    if (framesPerSecond < (rules.framesPerSecondMin ?? 0))
      add(
        'video_too_slow',
        `${platform} takes ${rules.framesPerSecondMin} frames a second or more, not ${rounded(framesPerSecond)}`,
      );
    if (framesPerSecond > (rules.framesPerSecondMax ?? Infinity))
      add(
        'video_too_fast',
        `${platform} takes ${rules.framesPerSecondMax} frames a second at most, not ${rounded(framesPerSecond)}`,
      );
  }
  if (codec !== null && rules.codecs?.includes(codec) === false)
    add('video_codec', `${platform} takes video coded as ${list(rules.codecs)}, not ${codec}`);
  if (audioCodec !== null && rules.audioCodecs?.includes(audioCodec) === false)
    add('audio_codec', `${platform} takes sound coded as ${list(rules.audioCodecs)}, not ${audioCodec}`);
  if (rules.indexFirst === true && media.indexFirst === false)
    add('index_last', `${platform} takes videos whose index stands first (fast start), not last`);
  return findings;
}

function fileFindings(
  platform: string,
  rules: { mimeTypes: readonly string[]; bytesMax: number },
  media: CheckedMedia,
  field: string,
): MediaFinding[] {
  const findings: MediaFinding[] = [];
  if (!rules.mimeTypes.includes(media.mimeType)) {
    findings.push(error('media_type', `${platform} takes ${list(rules.mimeTypes)} here, not ${media.mimeType}`, field));
  }
  if (media.bytes > rules.bytesMax) {
    findings.push(
      error(
        'media_too_large',
        `${platform} takes ${megabytes(rules.bytesMax)} MB at most, not ${megabytes(media.bytes)} MB`,
        field,
      ),
    );
  }
  return findings;
}

type SizeRules = Omit<ImageRules, 'mimeTypes' | 'bytesMax'>;

function sizeFindings(
  platform: string,
  rules: SizeRules,
  { width, height }: CheckedMedia,
  field: string,
): MediaFinding[] {
  const findings: MediaFinding[] = [];
  const add = (code: string, message: string) => findings.push(error(code, `${platform} ${message}`, field));
  const is = `not ${width} x ${height}`;
  if (width < (rules.widthMin ?? 0))
    add('media_too_narrow', `takes a width of ${rules.widthMin} pixels or more, ${is}`);
  if (height < (rules.heightMin ?? 0))
    add('media_too_low', `takes a height of ${rules.heightMin} pixels or more, ${is}`);
  if (width > (rules.widthMax ?? Infinity))
    add('media_too_wide', `takes a width of ${rules.widthMax} pixels at most, ${is}`);
  if (height > (rules.heightMax ?? Infinity))
    add('media_too_high', `takes a height of ${rules.heightMax} pixels at most, ${is}`);
  if (width * height > (rules.pixelsMax ?? Infinity))
    add('media_too_many_pixels', `takes ${rules.pixelsMax} pixels at most, ${is}`);
  const ratio = width / height;
  if (ratio < (rules.ratioMin ?? 0))
    add('media_ratio', `takes nothing narrower than ${rounded(rules.ratioMin)}:1, ${is}`);
  if (ratio > (rules.ratioMax ?? Infinity))
    add('media_ratio', `takes nothing wider than ${rounded(rules.ratioMax)}:1, ${is}`);
  return findings;
}

function altFindings(platform: string, rules: MediaRules, { alt }: CheckedMedia, field: string): MediaFinding[] {
  if (alt === null || alt === '') return [];
  if (rules.altCharactersMax === null)
    return [warning('alt_not_shown', `${platform} shows no alternative text`, field)];
  const characters = Array.from(alt).length;
  if (characters <= rules.altCharactersMax) return [];
  return [
    error(
      'alt_too_long',
      `${platform} takes ${rules.altCharactersMax} characters of alternative text, not ${characters}`,
      field,
    ),
  ];
}

function error(code: string, message: string, field: string): MediaFinding {
  return { severity: 'error', code, message, field };
}

function warning(code: string, message: string, field: string): MediaFinding {
  return { severity: 'warning', code, message, field };
}

function seconds(ms: number | undefined): string {
  return rounded((ms ?? 0) / 1000);
}

function megabytes(bytes: number): string {
  return rounded(bytes / 1_000_000);
}

function rounded(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 100) / 100);
}

function list(values: readonly string[]): string {
  return values.join(', ');
}
