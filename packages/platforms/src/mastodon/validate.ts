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
  ];
}

function countAsItIs(text: string): number {
  return countGraphemes(text);
}
