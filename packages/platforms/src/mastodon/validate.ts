import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { countGraphemes } from '../graphemes.ts';
import { MastodonOptions } from './options.ts';
import { countMastodon, mastodonTextMax } from './text.ts';

/** By the rules of the account's own instance where they are known: many allow more than 500. */
export function validateMastodon(
  { text, options, media }: DraftContent,
  { serverRules }: AdapterAccount,
): ContentFinding[] {
  const spoilerText = MastodonOptions.safeParse(options).data?.spoilerText ?? '';
  const urlCharacters = serverRules?.urlCharacters;
  // The instance shortens the links of the text, not those of the warning.
  const count = countMastodon(text, urlCharacters) + countGraphemes(spoilerText);
  return [
    ...textMissing({ text, media }),
    ...textTooLong(count, serverRules?.textMax ?? mastodonTextMax, 'characters'),
    ...optionFindings(MastodonOptions, options),
  ];
}
