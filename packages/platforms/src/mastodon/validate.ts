import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { countGraphemes } from '../text/graphemes.ts';
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
    ...pollFindings(MastodonOptions.safeParse(options).data?.poll, media.length > 0, serverRules?.polls),
  ];
}

/** Of an instance that its administrator has not changed. */
const pollDefaults = { optionsMax: 4, optionCharactersMax: 50, minutesMin: 5, minutesMax: 43_829 };

/** What the instance itself says is refused; what only most of them would refuse is a warning. */
function pollFindings(
  poll: MastodonOptions['poll'],
  hasMedia: boolean,
  told: Partial<typeof pollDefaults> = {},
): ContentFinding[] {
  if (poll === undefined) return [];
  const field = 'options.poll';
  if (hasMedia) {
    const message = 'A post with a poll has no pictures or videos on Mastodon';
    return [{ severity: 'error', code: 'option_not_together', message, field }];
  }
  const limits = { ...pollDefaults, ...told };
  const finding = (limit: keyof typeof pollDefaults, where: string, what: string): ContentFinding =>
    told[limit] === undefined
      ? { severity: 'warning', code: 'option_unusual', message: `Most instances take ${what}`, field: where }
      : { severity: 'error', code: 'option_invalid', message: `The account’s instance takes ${what}`, field: where };
  const findings: ContentFinding[] = [];
  if (poll.options.length > limits.optionsMax)
    findings.push(finding('optionsMax', `${field}.options`, `no more than ${limits.optionsMax} answers`));
  if (new Set(poll.options).size < poll.options.length) {
    const message = 'A poll on Mastodon has no answer twice';
    findings.push({ severity: 'error', code: 'option_invalid', message, field: `${field}.options` });
  }
  for (const [index, text] of poll.options.entries())
    if (countGraphemes(text) > limits.optionCharactersMax)
      findings.push(
        finding(
          'optionCharactersMax',
          `${field}.options.${index}`,
          `answers of no more than ${limits.optionCharactersMax} characters`,
        ),
      );
  if (poll.durationMinutes < limits.minutesMin)
    findings.push(finding('minutesMin', `${field}.durationMinutes`, `polls of ${limits.minutesMin} minutes and more`));
  if (poll.durationMinutes > limits.minutesMax)
    findings.push(
      finding('minutesMax', `${field}.durationMinutes`, `polls of no more than ${limits.minutesMax} minutes`),
    );
  return findings;
}

function countAsItIs(text: string): number {
  return countGraphemes(text);
}
