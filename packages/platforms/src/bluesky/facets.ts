import twitterText from 'twitter-text';
import { countGraphemes } from '../graphemes.ts';
import { trimmedEnd, withoutTrailingPunctuation } from '../link-end.ts';
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

/**
 * Links, mentions and tags of a text, in order. Bluesky itself finds none: what has no facet stays plain text.
 * @param didByHandle the mentions that could be resolved, by handle in lower case.
 */
export function facetsOf(text: string, didByHandle: Readonly<Record<string, string>>): Facet[] {
  const links = linksIn(text).map(({ start, end, uri }) =>
    found(start, end, { $type: 'app.bsky.richtext.facet#link', uri }),
  );
  const mentions = mentionsIn(text).flatMap(({ start, end, handle }) => {
    const did = didByHandle[handle];
    return did === undefined ? [] : [found(start, end, { $type: 'app.bsky.richtext.facet#mention', did })];
  });
  const tags = tagsIn(text).map(({ start, end, tag }) =>
    found(start, end, { $type: 'app.bsky.richtext.facet#tag', tag }),
  );
  return inBytes(text, withoutOverlaps([...links, ...mentions, ...tags]));
}

type Found = Span & { readonly feature: FacetFeature };

function found(start: number, end: number, feature: FacetFeature): Found {
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
function inBytes(text: string, ordered: readonly Found[]): Facet[] {
  let end = 0;
  let byteEnd = 0;
  return ordered.map((one) => {
    const byteStart = byteEnd + countBytes(text.slice(end, one.start));
    byteEnd = byteStart + countBytes(text.slice(one.start, one.end));
    end = one.end;
    return { index: { byteStart, byteEnd }, features: [one.feature] };
  });
}

/** The handles a text mentions, in lower case, each once. */
export function handlesMentioned(text: string): string[] {
  return [...new Set(mentionsIn(text).map(({ handle }) => handle))];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function linksIn(text: string): (Span & { readonly uri: string })[] {
  const pattern = /(?<=^|[\s(])(?:https?:\/\/\S+|(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/\S*)?)/giu;
  return [...text.matchAll(pattern)].flatMap((match) => {
    const shown = withoutTrailingPunctuation(match[0]);
    const hasScheme = /^https?:\/\//iu.test(shown);
    const uri = hasScheme ? shown : `https://${shown}`;
    if (!URL.canParse(uri) || (!hasScheme && !hasKnownDomain(shown))) return [];
    return [{ start: match.index, end: match.index + shown.length, uri }];
  });
}

/** `example.com` is a link, `end.Then` is two sentences: the list of top-level domains tells. */
function hasKnownDomain(shown: string): boolean {
  const domain = shown.split('/')[0] ?? '';
  return domain.length <= 253 && twitterText.extractUrls(domain)[0] === domain;
}

/** https://atproto.com/specs/handle */
const handlePattern = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u;

function mentionsIn(text: string): (Span & { readonly handle: string })[] {
  return [...text.matchAll(/(?<=^|[\s(])@([a-z0-9.-]+)/giu)].flatMap((match) => {
    const handle = trimmedEnd(match[1] ?? '', /[.-]/u);
    if (!handlePattern.test(handle.toLowerCase())) return [];
    return [{ start: match.index, end: match.index + 1 + handle.length, handle: handle.toLowerCase() }];
  });
}

const tagGraphemesMax = 64;

function tagsIn(text: string): (Span & { readonly tag: string })[] {
  return [...text.matchAll(/(?<=^|\s)[#＃]([^\s\u00AD\u2060\u200A-\u200D]+)/gu)].flatMap((match) => {
    const tag = trimmedEnd(match[1] ?? '', /\p{P}/u);
    if (tag === '' || /^[\d\p{P}\uFE0F\u20E3]+$/u.test(tag) || isLongerThan(tag, tagGraphemesMax)) return [];
    return [{ start: match.index, end: match.index + 1 + tag.length, tag }];
  });
}

function isLongerThan(tag: string, graphemesMax: number): boolean {
  return tag.length > graphemesMax && countGraphemes(tag) > graphemesMax;
}
