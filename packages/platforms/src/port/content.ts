import type { MediaFacts, MediaKind } from '@vibetribe/media-rules/media-facts';

export interface TextContent {
  readonly text: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What is to be checked before anything is sent; the parts of a thread are checked one by one. */
export interface DraftContent extends TextContent {
  readonly media: readonly (MediaFacts & { readonly alt: string | null })[];
}

export interface PublishContent extends TextContent {
  /** In the order they are shown; they fit the platform's rules. */
  readonly media: readonly MediaItem[];
  /** Absent or null: it shows none. */
  readonly card?: LinkCard | null;
}

/** What the card of a link says, fixed before anything is sent. */
export interface LinkCard {
  readonly url: string;
  readonly title: string;
  /** Empty where there is none. */
  readonly description: string;
  readonly picture: MediaItem | null;
}

/** A picture or video as it goes out. Its bytes are read when they are sent, never held whole. */
export interface MediaItem {
  readonly id: string;
  readonly kind: MediaKind;
  readonly mimeType: string;
  readonly bytes: number;
  /** Hex, of what goes out. */
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  /** Null for a still image. */
  readonly durationMs: number | null;
  readonly alt: string | null;
  /**
   * Where a platform that fetches by itself finds exactly these bytes, without credentials and for some hours from now. Null where
   * this service has no address of its own. See `urlOfMedia`.
   */
  readonly url: string | null;
  /** From `start` up to but not including `end`; all of it where no range is given. */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}

/** `code` is stable and machine-readable; `field` is relative to the variant: `content`, `mediaIds`, `options.visibility`. */
export interface ContentFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly field: string;
}
