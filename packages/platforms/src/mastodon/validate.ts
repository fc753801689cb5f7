import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { measureAnew, type TextMeasure } from '../text-measure.ts';
import { countGraphemes } from '../graphemes.ts';
import { MastodonOptions } from './options.ts';
import { mastodonLength, mastodonTextMax, mastodonUrlCharacters, measureMastodon } from './text.ts';

/** By the rules of the account's own instance where they are known: many allow more than 500. */
export function validateMastodon(
  { text, options, media }: DraftContent,
  { serverRules }: AdapterAccount,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const spoilerText = MastodonOptions.safeParse(options).data?.spoilerText ?? '';
  const urlCharacters = serverRules === undefined ? mastodonUrlCharacters : serverRules.urlCharacters;
  const ofText =
    urlCharacters === null ? measure(countAsItIs, text) : mastodonLength(measure(measureMastodon, text), urlCharacters);
  // The instance shortens the links of the text, not those of the warning.
  const count = ofText + measure(countAsItIs, spoilerText);
  return [
    ...textMissing({ text, media }),
    ...textTooLong(count, serverRules?.textMax ?? mastodonTextMax, 'characters'),
    ...optionFindings(MastodonOptions, options),
    ...pollFindings(MastodonOptions.safeParse(options).data?.poll, media.length > 0),
  ];
}

/** Of an instance that its administrator has not changed. */
const pollDefaults = { optionsMax: 4, optionCharactersMax: 50 };

function pollFindings(poll: MastodonOptions['poll'], hasMedia: boolean): ContentFinding[] {
  if (poll === undefined) return [];
  const field = 'options.poll';
  if (hasMedia) {
    const message = 'A post with a poll has no pictures or videos on Mastodon';
    return [{ severity: 'error', code: 'option_not_together', message, field }];
  }
  const { optionsMax, optionCharactersMax } = pollDefaults;
  const isUsual =
    poll.options.length <= optionsMax && poll.options.every((text) => countGraphemes(text) <= optionCharactersMax);
  if (isUsual) return [];
  const message = `Most instances take no more than ${optionsMax} answers of ${optionCharactersMax} characters`;
  return [{ severity: 'warning', code: 'option_unusual', message, field }];
}

function countAsItIs(text: string): number {
  return countGraphemes(text);
}
