import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { measureAnew, type TextMeasure } from '../text-measure.ts';
import { DiscordOptions } from './options.ts';
import { countDiscord, discordTextMax } from './text.ts';

export function validateDiscord(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  return [
    ...textMissing({ text, media }),
    ...textTooLong(measure(countDiscord, text), discordTextMax, 'characters'),
    ...optionFindings(DiscordOptions, options),
  ];
}
