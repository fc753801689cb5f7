import { fileFindings, sizeFindings } from './check-media-size.ts';
import { documentFindings } from './check-document.ts';
import { videoFindings } from './check-video.ts';
import type { MediaFacts } from './media-facts.ts';
import { error, type MediaFinding, warning } from './media-finding.ts';
import type { ImageRules, MediaRules } from './media-rules.ts';
import { movementOf, planRendition } from './plan-rendition.ts';

export type CheckedMedia = MediaFacts & { readonly alt: string | null };

/**
 * What a platform would refuse about a post's media, and what is changed or lost when it is published there. Warnings do not
 * forbid scheduling. One checker for the list of platforms, validation, scheduling and the publisher.
 * @param platform its name for the messages
 */
export function checkMedia(platform: string, rules: MediaRules, media: readonly CheckedMedia[]): MediaFinding[] {
  if (media.length === 0) {
    const what = (rules.videosMin ?? 0) > 0 ? 'a video' : 'a picture or a video';
    return rules.required ? [error('media_missing', `${platform} needs ${what}`, 'mediaIds')] : [];
  }
  if (rules.countMax === 0)
    return [error('media_not_supported', `${platform} takes no pictures or videos`, 'mediaIds')];
  return [
    ...countFindings(platform, rules, media),
    ...surplusAlts(platform, rules, media),
    ...media.flatMap((one, index) => itemFindings(platform, rules, one, `mediaIds.${index}`)),
  ];
}

function countFindings(platform: string, rules: MediaRules, all: readonly CheckedMedia[]): MediaFinding[] {
  const media = all.filter(({ kind }) => kind !== 'document');
  const images = media.filter((one) => one.kind === 'image').length;
  const videos = media.length - images;
  const animations = media.filter((one) => movementOf(rules, one).kind !== 'none').length;
  const findings: MediaFinding[] = [];
  const add = (code: string, message: string) => findings.push(error(code, message, 'mediaIds'));
  if (images > rules.imagesMax) add('images_too_many', `${platform} takes ${rules.imagesMax} pictures, not ${images}`);
  if (videos < (rules.videosMin ?? 0)) add('video_missing', `${platform} needs a video`);
  if (videos > rules.videosMax) add('videos_too_many', `${platform} takes ${rules.videosMax} videos, not ${videos}`);
  if (images <= rules.imagesMax && videos <= rules.videosMax && media.length > rules.countMax) {
    add('media_too_many', `${platform} takes ${rules.countMax} media, not ${media.length}`);
  }
  if (!rules.mixed && images > 0 && videos > 0)
    add('media_mixed', `${platform} takes no pictures and videos in one post`);
  if (rules.animation?.alone === true && animations > 0 && media.length > 1) {
    add('animation_not_alone', `${platform} takes an animated picture only by itself`);
  }
  const documents = all.length - media.length;
  if (documents > 0 && all.length > 1 && (rules.document ?? null) !== null)
    add('document_not_alone', `${platform} takes a document only by itself`);
  return findings;
}

function itemFindings(platform: string, rules: MediaRules, media: CheckedMedia, field: string): MediaFinding[] {
  const findings = [...kindFindings(platform, rules, media, field), ...altFindings(platform, rules, media, field)];
  return findings.some(({ severity }) => severity === 'error')
    ? findings.filter(({ code }) => code !== 'image_converted')
    : findings;
}

function kindFindings(platform: string, rules: MediaRules, media: CheckedMedia, field: string): MediaFinding[] {
  if (media.kind === 'document') return documentFindings(platform, rules, media, field);
  if (media.kind === 'video') {
    if (rules.video === null) return [];
    return videoFindings(platform, { ...rules, video: rules.video }, media, field);
  }
  if (rules.image === null) return [];
  const moving = movementOf(rules, media);
  if (moving.kind === 'as_gif')
    return [
      ...sizeFindings(platform, { ...moving.rules, ...shrinkable }, media, field),
      warning('animation_converted', `The animation becomes a GIF for ${platform}, or its first frame`, field),
    ];
  if (moving.kind === 'as_it_is') {
    const { framesMax } = moving.rules;
    const tooLong = framesMax !== undefined && media.frames > framesMax;
    return [
      ...fileFindings(platform, moving.rules, media, field),
      ...sizeFindings(platform, moving.rules, media, field),
      ...(tooLong
        ? [error('frames_too_many', `${platform} takes ${framesMax} frames, not ${media.frames}`, field)]
        : []),
    ];
  }
  return stillFindings(platform, { ...rules, image: rules.image }, media, field);
}

/** What a rendition mends. */
const shrinkable = { widthMax: undefined, heightMax: undefined, pixelsMax: undefined };

/** Type, size in bytes and too many pixels are mended by a rendition; too few pixels and the shape are not. */
function stillFindings(
  platform: string,
  rules: MediaRules & { image: ImageRules },
  media: CheckedMedia,
  field: string,
): MediaFinding[] {
  const findings = sizeFindings(platform, { ...rules.image, ...shrinkable }, media, field);
  if (media.animated) findings.push(warning('animation_lost', `${platform} shows the first frame only`, field));
  if (planRendition(rules, { ...media, animated: false, orientation: 1 }).kind === 'render') {
    findings.push(
      warning('image_converted', `The picture is converted to what ${platform} takes; the original stays`, field),
    );
  }
  return findings;
}

function surplusAlts(platform: string, rules: MediaRules, media: readonly CheckedMedia[]): MediaFinding[] {
  const described = media.flatMap(({ alt }, index) => (alt === null || alt === '' ? [] : [index]));
  if (rules.altOnce !== true) return [];
  return described
    .slice(1)
    .map((index) =>
      warning('alt_not_shown', `${platform} shows one alternative text for all, the first`, `mediaIds.${index}`),
    );
}

function altFindings(platform: string, rules: MediaRules, { alt, kind }: CheckedMedia, field: string): MediaFinding[] {
  if (alt === null || alt === '') return [];
  if (rules.altCharactersMax === null)
    return [warning('alt_not_shown', `${platform} shows no alternative text`, field)];
  if (kind === 'video' && rules.video?.alt === false)
    return [warning('alt_not_shown', `${platform} shows no alternative text of a video`, field)];
  if (kind === 'document')
    return [warning('alt_not_shown', `${platform} shows no alternative text of a document`, field)];
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
