import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import type { MediaRefusalCode } from '../media-refused-error.ts';
import type { RenderedImage } from './render-image.ts';

/** What an inspector's process says to its parent: that it is there, and one answer for each inspection. */
export type InspectorReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly result: MediaFacts | RenderedImage | null }
  | { readonly kind: 'refusal'; readonly code: MediaRefusalCode; readonly message: string }
  /** `isFull`: the disk has no room for what it makes. */
  | { readonly kind: 'fault'; readonly message: string; readonly isFull: boolean };
