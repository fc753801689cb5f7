import type { MediaFacts, MediaMimeType } from './media-facts.ts';
import type { AnimationRules, ImageRules, MediaRules, VideoRules } from './media-rules.ts';

/** What pictures are encoded as. */
export type ImageTargetType = Extract<MediaMimeType, 'image/jpeg' | 'image/png' | 'image/webp'>;

/**
 * `original`: goes out as it is. `strip`: the same picture or video, without the data about its maker.
 * `rewrap`: the same video and sound in an MP4 file, its index first. `render`: decoded, turned upright, fitted into the limits and encoded anew. `animate`: its frames become a GIF, or where that
 * cannot be made small enough, its first one a still picture.
 */
export type RenditionPlan =
  | { readonly kind: 'original' }
  | { readonly kind: 'strip' }
  | { readonly kind: 'rewrap' }
  | ({ readonly kind: 'render' } & ImageTarget)
  | { readonly kind: 'animate'; readonly gif: SizeTarget; readonly still: ImageTarget };

/** Upper bounds: nothing is enlarged. */
export interface SizeTarget {
  readonly bytesMax: number;
  readonly widthMax: number | null;
  readonly heightMax: number | null;
  readonly pixelsMax: number | null;
}

/** What an image must become. */
export interface ImageTarget extends SizeTarget {
  /** The one wanted most first. PNG loses nothing, and is left for the next where it is too large. */
  readonly mimeTypes: readonly ImageTargetType[];
}

/** How a media has to be changed for a platform to take it; what cannot be mended is `checkMedia`'s to tell. */
export function planRendition(rules: MediaRules, facts: MediaFacts): RenditionPlan {
  if (facts.kind === 'document') return { kind: 'original' };
  const unchanged: RenditionPlan = facts.hasMetadata ? { kind: 'strip' } : { kind: 'original' };
  if (facts.kind === 'video') return isRewrapped(rules.video, facts) ? { kind: 'rewrap' } : unchanged;
  const moving = movementOf(rules, facts);
  if (moving.kind === 'as_it_is') return unchanged;
  if (rules.image === null) return { kind: 'original' };
  const still = imageTarget(rules.image, facts);
  if (moving.kind === 'as_gif') return { kind: 'animate', gif: sizeTarget(moving.rules), still };
  const mustRender = facts.animated || facts.orientation !== 1 || facts.mustRender === true;
  return mustRender || !fits(rules.image, facts) ? { kind: 'render', ...still } : unchanged;
}

/** Where a platform wants MP4, or its index first, and the streams need no recoding. */
function isRewrapped(rules: VideoRules | null, facts: MediaFacts): boolean {
  if (facts.rewrappable !== true || rules?.mimeTypes.includes('video/mp4') !== true) return false;
  const isOtherFile =
    facts.mimeType !== 'video/mp4' && (rules.mp4Preferred === true || !rules.mimeTypes.includes(facts.mimeType));
  return isOtherFile || (rules.indexFirst === true && facts.indexFirst === false);
}

/** Pixels of all frames together: more would take longer than a publication may wait. */
const gifPixelsMax = 60_000_000;

/** What becomes of a picture's movement. */
export function movementOf(
  { animation }: MediaRules,
  facts: MediaFacts,
): { readonly kind: 'as_it_is' | 'as_gif'; readonly rules: AnimationRules } | { readonly kind: 'none' } {
  if (!facts.animated || animation === null) return { kind: 'none' };
  if (animation.mimeTypes.includes(facts.mimeType)) return { kind: 'as_it_is', rules: animation };
  const isConvertible = facts.mimeType === 'image/webp' && animation.mimeTypes.includes('image/gif');
  const { widthMax = Infinity, heightMax = Infinity, framesMax = Infinity } = animation;
  const shrunk = Math.min(1, widthMax / facts.width, heightMax / facts.height);
  const pixels = facts.width * facts.height * shrunk ** 2 * facts.frames;
  return isConvertible && facts.frames <= framesMax && pixels <= gifPixelsMax
    ? { kind: 'as_gif', rules: animation }
    : { kind: 'none' };
}

function fits(rules: ImageRules, facts: MediaFacts): boolean {
  return (
    rules.mimeTypes.includes(facts.mimeType) &&
    facts.bytes <= rules.bytesMax &&
    facts.width <= (rules.widthMax ?? Infinity) &&
    facts.height <= (rules.heightMax ?? Infinity) &&
    facts.width * facts.height <= (rules.pixelsMax ?? Infinity)
  );
}

function imageTarget(rules: ImageRules, facts: MediaFacts): ImageTarget {
  return { mimeTypes: targetTypes(rules, facts), ...sizeTarget(rules) };
}

function sizeTarget(rules: ImageRules): SizeTarget {
  return {
    bytesMax: rules.bytesMax,
    widthMax: rules.widthMax ?? null,
    heightMax: rules.heightMax ?? null,
    pixelsMax: rules.pixelsMax ?? null,
  };
}

/**
 * Transparency is kept where the platform can show it, in WebP rather than in a smaller PNG; else the background becomes white.
 * What was drawn rather than photographed, a PNG or GIF that is small enough as it is, stays without loss.
 */
function targetTypes({ mimeTypes, bytesMax }: ImageRules, { mimeType, bytes, alpha }: MediaFacts): ImageTargetType[] {
  const isDrawn = (mimeType === 'image/png' || mimeType === 'image/gif') && bytes <= bytesMax;
  const shrinkable: readonly ImageTargetType[] = alpha
    ? ['image/webp', 'image/png', 'image/jpeg']
    : ['image/jpeg', 'image/webp', 'image/png'];
  const last = shrinkable.find((type) => mimeTypes.includes(type)) ?? 'image/jpeg';
  return isDrawn && mimeTypes.includes('image/png') && last !== 'image/png' ? ['image/png', last] : [last];
}
