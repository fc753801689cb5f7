import type { ContentFinding, DraftContent } from '../port/content.ts';
import { optionFindings, textMissing, textTooLong } from '../content-findings.ts';
import { XOptions } from './options.ts';
import { countX, hasCharactersXRefuses, xTextMax } from './text.ts';

export function validateX({ text, options, media }: DraftContent): ContentFinding[] {
  const findings = [
    ...textMissing({ text, media }),
    ...textTooLong(countX(text), xTextMax, 'weighted characters'),
    ...optionFindings(XOptions, options),
  ];
  if (hasCharactersXRefuses(text)) {
    findings.push({
      severity: 'error',
      code: 'text_characters',
      message: 'X refuses the characters U+FEFF, U+FFFE and U+FFFF',
      field: 'content',
    });
  }
  return findings;
}
