import { optionFindings, textMissing, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { FacebookOptions } from './options.ts';
import { countFacebook, facebookTextMax } from './text.ts';

export function validateFacebook({ text, options, media }: DraftContent): ContentFinding[] {
  const { link, title, videoAs } = FacebookOptions.safeParse(options).data ?? {};
  const findings = [
    ...(link === undefined ? textMissing({ text, media }) : []),
    ...textTooLong(countFacebook(text), facebookTextMax, 'characters'),
    ...optionFindings(FacebookOptions, options),
  ];
  const hasVideo = media.some(({ kind }) => kind === 'video');
  if (link !== undefined && media.length > 0)
    findings.push(unused('link', 'A link is not shown beside pictures or videos'));
  if (title !== undefined && !hasVideo) findings.push(unused('title', 'Only a video has a title'));
  if (videoAs !== undefined && !hasVideo && media.length > 0) findings.push(unused('videoAs', 'There is no video'));
  return findings;
}

function unused(option: string, message: string): ContentFinding {
  return { severity: 'warning', code: 'option_unused', message, field: `options.${option}` };
}
