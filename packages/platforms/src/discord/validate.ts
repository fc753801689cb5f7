import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { DiscordOptions } from './options.ts';
import { countDiscord, discordTextMax } from './text.ts';
import { isWebhook } from './webhook.ts';

export function validateDiscord(
  { text, options, media }: DraftContent,
  account: Pick<AdapterAccount, 'externalId'>,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  return [
    ...textMissing({ text, media }),
    ...textTooLong(measure(countDiscord, text), discordTextMax, 'characters'),
    ...optionFindings(DiscordOptions, options),
    ...threadFindings(DiscordOptions.safeParse(options).data ?? {}, account),
  ];
}

function threadFindings(
  { threadId, forumPost }: DiscordOptions,
  account: Pick<AdapterAccount, 'externalId'>,
): ContentFinding[] {
  const say = (name: string, message: string): ContentFinding[] => [
    { severity: 'error', code: 'option_invalid', message, field: `options.${name}` },
  ];
  if (threadId === undefined && forumPost === undefined) return [];
  const name = forumPost === undefined ? 'threadId' : 'forumPost';
  if (!isWebhook(account))
    return say(name, 'Only an account that is a webhook can do this; a bot’s account can be the thread itself');
  if (threadId === undefined || forumPost === undefined) return [];
  return say('forumPost', 'A post goes into a thread that is there, or begins one, not both');
}
