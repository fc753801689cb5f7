import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import { forumTitle, isForum } from './forum.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { DiscordOptions } from './options.ts';
import { countDiscord, discordTextMax } from './text.ts';
import { isWebhook } from './webhook.ts';

type Account = Pick<AdapterAccount, 'externalId' | 'serverRules'>;

export function validateDiscord(
  { text, options, media }: DraftContent,
  account: Account,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const faults = optionFindings(DiscordOptions, options);
  return [
    ...textMissing({ text, media }),
    ...textTooLong(measure(countDiscord, text), discordTextMax, 'characters'),
    ...faults,
    ...(faults.length === 0 ? threadFindings(DiscordOptions.parse(options), account, text) : []),
  ];
}

function threadFindings(options: DiscordOptions, account: Account, text: string): ContentFinding[] {
  const { threadId, forumPost } = options;
  const say = (name: string, message: string): ContentFinding[] => [
    { severity: 'error', code: 'option_invalid', message, field: `options.${name}` },
  ];
  if (isWebhook(account)) {
    if (threadId === undefined || forumPost === undefined) return [];
    return say('forumPost', 'A post goes into a thread that is there, or begins one, not both');
  }
  if (threadId !== undefined)
    return say('threadId', 'Only an account that is a webhook can do this; a bot’s account can be the thread itself');
  if (isForum(account))
    return forumTitle(options, text) === '' ? say('forumPost', 'A post in a forum needs a title, or a text') : [];
  return forumPost === undefined ? [] : say('forumPost', 'The channel of this account is not a forum');
}
