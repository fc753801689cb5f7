import { optionFindings, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { PinterestOptions } from './options.ts';
import { countPinterest, pinterestTextAdvised, pinterestTextMax } from './text.ts';

export function validatePinterest(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const given = PinterestOptions.safeParse(options).data ?? {};
  const count = measure(countPinterest, text);
  return [
    ...textTooLong(count, pinterestTextMax, 'characters'),
    ...longFindings(count),
    ...optionFindings(PinterestOptions, options),
    ...carouselFindings(media),
    ...coverFindings(given, media),
  ];
}

function longFindings(count: number): ContentFinding[] {
  if (count <= pinterestTextAdvised || count > pinterestTextMax) return [];
  const message = `The text has ${count} characters; of more than ${pinterestTextAdvised} Pinterest may not show the rest`;
  return [{ severity: 'warning', code: 'text_long', message, field: 'content' }];
}

function carouselFindings(media: DraftContent['media']): ContentFinding[] {
  const pictures = media.filter(({ kind }) => kind === 'image');
  if (pictures.length < media.length) {
    if (pictures.length <= 1) return [];
    const message = 'Beside a video Pinterest takes one picture, its cover';
    return [{ severity: 'error', code: 'media_mixed', message, field: 'mediaIds' }];
  }
  const sizes = new Set(pictures.map(({ width, height }) => `${width} x ${height}`));
  if (sizes.size <= 1) return [];
  const message = `The pictures of a carousel must have the same size, not ${[...sizes].join(', ')}`;
  return [{ severity: 'error', code: 'carousel_sizes', message, field: 'mediaIds' }];
}

function coverFindings({ coverUrl, coverOffsetMs }: PinterestOptions, media: DraftContent['media']): ContentFinding[] {
  const isVideo = media.some(({ kind }) => kind === 'video');
  const hasPicture = media.some(({ kind }) => kind === 'image');
  const unused = (field: string, message: string): ContentFinding[] => [
    { severity: 'warning', code: 'option_unused', message, field },
  ];
  const reason = !isVideo ? 'Only a video has a cover' : 'The picture beside the video is its cover';
  const isUnused = !isVideo || hasPicture;
  return [
    ...(coverUrl !== undefined && isUnused ? unused('options.coverUrl', reason) : []),
    ...(coverOffsetMs !== undefined && isUnused ? unused('options.coverOffsetMs', reason) : []),
    ...(coverOffsetMs !== undefined && coverUrl !== undefined && !isUnused
      ? unused('options.coverOffsetMs', 'The cover is fetched from its address')
      : []),
  ];
}
