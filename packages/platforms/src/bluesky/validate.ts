import type { ContentFinding, DraftContent } from '../port/content.ts';
import { exactTimes, optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { measureAnew, type TextMeasure } from '../text-measure.ts';
import { countGraphemes } from '../graphemes.ts';
import { BlueskyOptions } from './options.ts';
import { blueskyBytesMax, blueskyGraphemesMax, countBytes } from './text.ts';

/** Both limits hold: emoji of many parts meet the one in bytes first. */
export function validateBluesky(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const tooManyGraphemes = textTooLong(measure(countShownCharacters, text), blueskyGraphemesMax, 'characters');
  const tooLong =
    tooManyGraphemes.length > 0 ? tooManyGraphemes : textTooLong(measure(countBytes, text), blueskyBytesMax, 'bytes');
  return [...textMissing({ text, media }), ...tooLong, ...optionFindings(BlueskyOptions, options)];
}

function countShownCharacters(text: string): number {
  return countGraphemes(text, blueskyGraphemesMax * exactTimes);
}
