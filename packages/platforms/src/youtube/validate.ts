import { optionFindings, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { YouTubeOptions } from './options.ts';
import { countBytes, descriptionBytesMax, forbidden, titleFrom } from './text.ts';

export function validateYouTube({ text, options }: DraftContent): ContentFinding[] {
  const given = YouTubeOptions.safeParse(options).data ?? {};
  const findings = [
    ...textTooLong(countBytes(text), descriptionBytesMax, 'bytes'),
    ...optionFindings(YouTubeOptions, options),
  ];
  const add = (code: string, message: string, field: string) =>
    findings.push({ severity: 'error', code, message, field });
  if (forbidden.test(text)) add('text_characters', 'YouTube takes neither < nor > in a description', 'content');
  if (titleFrom(text) === '' && given.title === undefined && optionFindings(YouTubeOptions, options).length === 0)
    add('text_missing', 'A video needs a title: give one, or a text whose first line it can be', 'content');
  if (given.firstComment !== undefined && given.madeForKids === true)
    add('option_invalid', 'A video made for children has no comments', 'options.firstComment');
  if (given.firstComment !== undefined && given.privacy === 'private')
    add('option_invalid', 'A private video has no comments', 'options.firstComment');
  return findings;
}
