import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { measureAnew, type TextMeasure } from '../text-measure.ts';
import { XOptions } from './options.ts';
import { countX, hasCharactersXRefuses, xTextMax } from './text.ts';

export function validateX(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const findings = [
    ...textMissing({ text, media }),
    ...textTooLong(measure(countX, text), xTextMax, 'weighted characters'),
    ...optionFindings(XOptions, options),
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
