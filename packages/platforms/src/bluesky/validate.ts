import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { countGraphemes } from '../graphemes.ts';
import { BlueskyOptions } from './options.ts';
import { blueskyBytesMax, blueskyGraphemesMax, countBytes } from './text.ts';

/** Both limits hold: emoji of many parts meet the one in bytes first. */
export function validateBluesky({ text, options, media }: DraftContent): ContentFinding[] {
  const tooManyGraphemes = textTooLong(countGraphemes(text), blueskyGraphemesMax, 'characters');
  const tooLong =
    tooManyGraphemes.length > 0 ? tooManyGraphemes : textTooLong(countBytes(text), blueskyBytesMax, 'bytes');
  return [...textMissing({ text, media }), ...tooLong, ...optionFindings(BlueskyOptions, options)];
}
