import type { MediaFacts, MediaMimeType } from './media-facts.ts';
import type { ImageRules, MediaRules } from './media-rules.ts';

type ImageMimeType = Extract<MediaMimeType, 'image/jpeg' | 'image/png' | 'image/webp'>;

/**
 * `original`: goes out as it is. `strip`: the same picture or video, without the data about its maker.
 * `render`: decoded, turned upright, fitted into the limits and encoded anew.
 */
export type RenditionPlan =
  | { readonly kind: 'original' }
  | { readonly kind: 'strip' }
  | ({ readonly kind: 'render' } & ImageTarget);

/** What an image must become. Sizes are upper bounds: nothing is enlarged. */
export interface ImageTarget {
  readonly mimeType: ImageMimeType;
  readonly bytesMax: number;
  readonly widthMax: number | null;
  readonly heightMax: number | null;
  readonly pixelsMax: number | null;
}

/** How a media has to be changed for a platform to take it; what cannot be mended is `checkMedia`'s to tell. */
export function planRendition(rules: MediaRules, facts: MediaFacts): RenditionPlan {
  if (facts.kind === 'video') return facts.hasMetadata ? { kind: 'strip' } : { kind: 'original' };
  if (facts.animated && rules.animation !== null) return facts.hasMetadata ? { kind: 'strip' } : { kind: 'original' };
  if (rules.image === null) return { kind: 'original' };
  if (facts.animated || facts.orientation !== 1 || !fits(rules.image, facts)) {
    return { kind: 'render', ...imageTarget(rules.image, facts) };
  }
  return facts.hasMetadata ? { kind: 'strip' } : { kind: 'original' };
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
  return {
    mimeType: targetType(rules, facts),
    bytesMax: rules.bytesMax,
    widthMax: rules.widthMax ?? null,
    heightMax: rules.heightMax ?? null,
    pixelsMax: rules.pixelsMax ?? null,
  };
}

/** Transparency is kept where the platform can show it; else JPEG, and the background becomes white. */
function targetType(rules: ImageRules, facts: MediaFacts): ImageMimeType {
  const order: readonly ImageMimeType[] = facts.alpha
    ? ['image/png', 'image/webp', 'image/jpeg']
    : facts.mimeType === 'image/png' && facts.bytes <= rules.bytesMax
      ? ['image/png', 'image/jpeg', 'image/webp']
      : ['image/jpeg', 'image/webp', 'image/png'];
  return order.find((type) => rules.mimeTypes.includes(type)) ?? 'image/jpeg';
}
