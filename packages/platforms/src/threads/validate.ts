import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { ThreadsOptions } from './options.ts';
import { countThreads, linksIn, linksMax, threadsTextMax } from './text.ts';

export function validateThreads(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const { linkAttachment } = ThreadsOptions.safeParse(options).data ?? {};
  const findings = [
    ...textMissing({ text, media }),
    ...textTooLong(measure(countThreads, text), threadsTextMax, countedAs),
    ...optionFindings(ThreadsOptions, options),
  ];
  const links = measure(linksIn, text);
  const count = links.size + (linkAttachment === undefined || links.has(linkAttachment) ? 0 : 1);
  if (count > linksMax) {
    const message = `Threads takes ${linksMax} different links, not ${count}`;
    findings.push({ severity: 'error', code: 'links_too_many', message, field: 'content' });
  }
  if (linkAttachment !== undefined && media.length > 0) {
    const message = 'Only a post of text alone shows a link';
    findings.push({ severity: 'error', code: 'option_unused', message, field: 'options.linkAttachment' });
  }
  return findings;
}

export const countedAs = 'characters (emoji count their UTF-8 bytes)';
