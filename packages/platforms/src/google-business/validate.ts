import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { BusinessOptions } from './options.ts';
import { countBusiness, hasTelephone, summaryCharactersMax } from './text.ts';

export function validateBusiness({ text, options, media }: DraftContent): ContentFinding[] {
  const hasEvent = BusinessOptions.safeParse(options).data?.event !== undefined;
  const findings = [
    ...(hasEvent ? [] : textMissing({ text, media })),
    ...textTooLong(countBusiness(text), summaryCharactersMax, 'characters'),
    ...optionFindings(BusinessOptions, options),
  ];
  if (hasTelephone(text)) {
    const message = 'Google rejects posts with a telephone number in their text: use the call button';
    findings.push({ severity: 'warning', code: 'text_telephone', message, field: 'content' });
  }
  for (const { kind, bytes } of media) {
    if (kind !== 'image' || bytes >= photoBytesAdvised) continue;
    const message = `The photo has ${bytes} bytes; Google asks for ${photoBytesAdvised} at least, and may refuse it`;
    findings.push({ severity: 'warning', code: 'media_small', message, field: 'mediaIds' });
  }
  return findings;
}

/** https://support.google.com/business/answer/6103862, read 2026-11. */
const photoBytesAdvised = 10 * 1024;
