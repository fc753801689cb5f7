import { countGraphemes } from '../text/graphemes.ts';
import { trimmedEnd } from '../text/link-end.ts';
import { characterAt, mayBeginAt, type Span } from './boundaries.ts';

const graphemesMax = 64;

export interface Tag extends Span {
  readonly tag: string;
}

export function tagsIn(text: string): Tag[] {
  return [...text.matchAll(/[#＃]/gu)].flatMap(({ index }) => {
    if (!mayBeginAt(text, index)) return [];
    const tag = tagFrom(text, index + 1);
    if (tag === '' || isNoWord(tag) || isLong(tag)) return [];
    return [{ start: index, end: index + 1 + tag.length, tag }];
  });
}

/** What ends a tag wherever it stands: space, quotes, brackets, colons, dashes, full-width punctuation, and what is not seen. */
const stop =
  /[\s\p{Cc}\p{Pi}\p{Pf}\p{Ps}\p{Pe}\u00AD\u2060\u200A-\u200D<>"`|\\/#@:;,!?…•،؛؟۔।、。〃〜\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF3E\uFF40\uFF5B-\uFF65・]|[^\P{Pd}-]/u;
const pictograph = /[\p{Extended_Pictographic}\p{Regional_Indicator}]/u;

function tagFrom(text: string, from: number): string {
  let at = from;
  let isPicture: boolean | null = null;
  while (at < text.length && at - from <= graphemesMax * 16) {
    const character = characterAt(text, at);
    // Joins pictures to one.
    const isJoiner = isPicture === true && character === '\u200D';
    if (stop.test(character) && !isJoiner) break;
    if (character === '.' && !/[\p{L}\p{N}]/u.test(characterAt(text, at + 1))) break;
    isPicture ??= pictograph.test(character);
    // A word and a picture behind it are two things; a tag may be pictures alone.
    if (!isPicture && pictograph.test(character)) break;
    at += character.length;
  }
  return trimmedEnd(text.slice(from, at), /[\p{P}~]/u);
}

/** `#1` and `#.` are no tags, nor is the sign in a keycap. */
function isNoWord(tag: string): boolean {
  return /^[\d\p{P}\uFE0F\u20E3]+$/u.test(tag) || tag.startsWith('\uFE0F');
}

function isLong(tag: string): boolean {
  return tag.length > graphemesMax && countGraphemes(tag) > graphemesMax;
}
