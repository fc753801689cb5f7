import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import type { AdapterAccount } from '../port/account.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { isOrganization } from './members.ts';
import { cardFindings, cardOf } from './card.ts';
import { LinkedInOptions } from './options.ts';
import { countLinkedIn, linkedInTextMax } from './text.ts';

export function validateLinkedIn(
  { text, options, media }: DraftContent,
  account: Pick<AdapterAccount, 'externalId'>,
): ContentFinding[] {
  const given = LinkedInOptions.safeParse(options).data ?? {};
  const findings = [
    ...(cardOf(options) === null ? textMissing({ text, media }) : []),
    ...textTooLong(countLinkedIn(text), linkedInTextMax, 'characters'),
    ...optionFindings(LinkedInOptions, options),
    ...cardFindings(options, media.length),
  ];
  if (given.visibility === 'connections' && isOrganization(account.externalId)) {
    const message = 'An organization has no connections';
    findings.push({ severity: 'error', code: 'option_invalid', message, field: 'options.visibility' });
  }
  if (given.title !== undefined && !media.some(({ kind }) => kind !== 'image')) {
    const message = 'Only a video or a document has a title';
    findings.push({ severity: 'warning', code: 'option_unused', message, field: 'options.title' });
  }
  return findings;
}
