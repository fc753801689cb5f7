import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { DiscordOptions } from './options.ts';
import { countDiscord, discordTextMax } from './text.ts';

export function validateDiscord({ text, options, media }: DraftContent): ContentFinding[] {
  return [
    ...textMissing({ text, media }),
    ...textTooLong(countDiscord(text), discordTextMax, 'characters'),
    ...optionFindings(DiscordOptions, options),
  ];
}
