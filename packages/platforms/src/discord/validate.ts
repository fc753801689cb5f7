import type { ContentFinding, PublishContent } from '../adapter.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { DiscordOptions } from './options.ts';
import { countDiscord, discordTextMax } from './text.ts';

export function validateDiscord({ text, options }: PublishContent): ContentFinding[] {
  return [
    ...textMissing(text),
    ...textTooLong(countDiscord(text), discordTextMax, 'characters'),
    ...optionFindings(DiscordOptions, options),
  ];
}
