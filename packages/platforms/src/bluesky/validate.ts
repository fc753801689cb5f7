import type { ContentFinding, DraftContent } from '../port/content.ts';
import { exactTimes, optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { countGraphemes } from '../text/graphemes.ts';
import { cardFindings } from './card.ts';
import { shownText } from './facets.ts';
import { BlueskyOptions } from './options.ts';
import { blueskyBytesMax, blueskyGraphemesMax, countBytes } from './text.ts';

/** Both limits hold: emoji of many parts meet the one in bytes first. */
export function validateBluesky(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const { graphemes, bytes } = measure(measureShown, text);
  const tooManyGraphemes = textTooLong(graphemes, blueskyGraphemesMax, 'characters');
  const tooLong = tooManyGraphemes.length > 0 ? tooManyGraphemes : textTooLong(bytes, blueskyBytesMax, 'bytes');
  return [
    ...textMissing({ text, media }),
    ...tooLong,
    ...optionFindings(BlueskyOptions, options),
    ...cardFindings(options, media.length),
    ...gateFindings(options),
  ];
}

/** A gate stands under the key of a thread's first post, in the repository of whoever began it. https://atproto.com/lexicons/app-bsky-feed#appbskyfeedthreadgate, read 2026-11. */
function gateFindings(options: DraftContent['options']): ContentFinding[] {
  const { replies, replyTo } = BlueskyOptions.safeParse(options).data ?? {};
  if (replies === undefined || replyTo === undefined) return [];
  const message = 'Who may answer is for whoever began the thread to say, not for an answer in it';
  return [{ severity: 'warning', code: 'option_unused', message, field: 'options.replies' }];
}

/** Far beyond what Bluesky takes, whatever it holds: not counted exactly. */
const codeUnitsMax = 20_000;

function measureShown(text: string): { graphemes: number; bytes: number } {
  if (text.length > codeUnitsMax) return { graphemes: text.length, bytes: text.length };
  const shown = shownText(text);
  return { graphemes: countGraphemes(shown, blueskyGraphemesMax * exactTimes), bytes: countBytes(shown) };
}
