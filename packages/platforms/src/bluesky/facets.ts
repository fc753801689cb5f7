import { type Span } from './boundaries.ts';
import { linksIn } from './links.ts';
import { mentionsIn } from './mentions.ts';
import { shortenedLink } from './shorten-link.ts';
import { tagsIn } from './tags.ts';
import { countBytes } from './text.ts';

/** A part of the text that is more than text. Offsets count UTF-8 bytes, `byteEnd` is exclusive. Lexicon: app.bsky.richtext.facet */
export interface Facet {
  readonly index: { readonly byteStart: number; readonly byteEnd: number };
  readonly features: readonly [FacetFeature];
}

type FacetFeature =
  | { readonly $type: 'app.bsky.richtext.facet#link'; readonly uri: string }
  | { readonly $type: 'app.bsky.richtext.facet#mention'; readonly did: string }
  | { readonly $type: 'app.bsky.richtext.facet#tag'; readonly tag: string };

/** What a post says: its text as it is shown, and what in it is a link, a mention or a tag, in order. */
export interface RichText {
  readonly text: string;
  readonly facets: readonly Facet[];
}

type Found = Span & { readonly feature: FacetFeature };

/**
 * Bluesky itself finds nothing in a text: what has no facet stays plain text. Long addresses are shortened in what is shown.
 * @param didByHandle the mentions that could be resolved, by handle in lower case.
 */
export function richTextOf(text: string, didByHandle: Readonly<Record<string, string>>): RichText {
  const links = linksIn(text).map(({ uri, ...span }) => found(span, { $type: 'app.bsky.richtext.facet#link', uri }));
  const mentions = mentionsIn(text).flatMap(({ handle, ...span }) => {
    const did = Object.hasOwn(didByHandle, handle) ? didByHandle[handle] : undefined;
    return did === undefined ? [] : [found(span, { $type: 'app.bsky.richtext.facet#mention', did })];
  });
  const tags = tagsIn(text).map(({ tag, ...span }) => found(span, { $type: 'app.bsky.richtext.facet#tag', tag }));
  return shown(text, withoutOverlaps([...links, ...mentions, ...tags]));
}

/** The text alone: mentions are shown as they were written, whether they could be resolved or not. */
export function shownText(text: string): string {
  return richTextOf(text, {}).text;
}

function found({ start, end }: Span, feature: FacetFeature): Found {
  return { start, end, feature };
}

/** The first of two that overlap stays: a mention inside an address is part of the address. In order. */
function withoutOverlaps(all: readonly Found[]): Found[] {
  const kept: Found[] = [];
  for (const candidate of all.toSorted((a, b) => a.start - b.start)) {
    const previous = kept.at(-1);
    if (previous === undefined || previous.end <= candidate.start) kept.push(candidate);
  }
  return kept;
}

/** Each byte of the text is counted once. */
function shown(text: string, ordered: readonly Found[]): RichText {
  let result = '';
  let from = 0;
  let bytes = 0;
  const facets: Facet[] = [];
  for (const { start, end, feature } of ordered) {
    const before = text.slice(from, start);
    const written = text.slice(start, end);
    const label = feature.$type === 'app.bsky.richtext.facet#link' ? shortenedLink(written) : written;
    const byteStart = bytes + countBytes(before);
    bytes = byteStart + countBytes(label);
    facets.push({ index: { byteStart, byteEnd: bytes }, features: [feature] });
    result += before + label;
    from = end;
  }
  return { text: result + text.slice(from), facets };
}
