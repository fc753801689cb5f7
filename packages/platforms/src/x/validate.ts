import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { XOptions } from './options.ts';
import { countLongX, countX, hasCharactersXRefuses, xLongTextMax, xTextMax } from './text.ts';

export function validateX(
  { text, options, media }: DraftContent,
  { serverRules }: Pick<AdapterAccount, 'serverRules'>,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const given = XOptions.safeParse(options).data ?? {};
  const isLong = given.longPost ?? serverRules?.textMax === xLongTextMax;
  const [count, textMax] = isLong ? [countLongX, xLongTextMax] : [countX, xTextMax];
  const findings = [
    ...textMissing({ text, media }),
    ...textTooLong(measure(count, text), textMax, 'weighted characters'),
    ...optionFindings(XOptions, options),
    ...exclusiveFindings(given, media.length > 0),
  ];
  if (measure(hasCharactersXRefuses, text)) {
    findings.push({
      severity: 'error',
      code: 'text_characters',
      message: 'X refuses the characters U+FEFF, U+FFFE and U+FFFF',
      field: 'content',
    });
  }
  return findings;
}

/** X takes one of a poll, a quote and media. */
function exclusiveFindings({ poll, quote, communityId, shareWithFollowers }: XOptions, hasMedia: boolean) {
  const findings: ContentFinding[] = [];
  const say = (field: string, message: string) =>
    findings.push({ severity: 'error', code: 'option_not_together', message, field: `options.${field}` });
  if (poll !== undefined && hasMedia) say('poll', 'A post with a poll has no pictures or videos on X');
  if (quote !== undefined && hasMedia) say('quote', 'A post with a quote has no pictures or videos on X');
  if (quote !== undefined && poll !== undefined) say('quote', 'A post has a poll or a quote on X, not both');
  if (shareWithFollowers === true && communityId === undefined)
    say('shareWithFollowers', 'Only a post into a community is shown to followers too');
  return findings;
}
