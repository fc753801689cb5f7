import { optionFindings, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { TikTokOptions } from './options.ts';
import { countTikTok, tiktokCaptionMax, tiktokDescriptionMax } from './text.ts';

export function validateTikTok(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const given = TikTokOptions.safeParse(options).data ?? {};
  const isVideo = media.some(({ kind }) => kind === 'video');
  const isDraft = given.postAs === 'draft';
  const findings = [
    ...textTooLong(measure(countTikTok, text), isVideo ? tiktokCaptionMax : tiktokDescriptionMax, 'UTF-16 units'),
    ...optionFindings(TikTokOptions, options),
    ...unused(given, isVideo, isDraft),
  ];
  if (given.brandContent === true && given.privacyLevel === 'SELF_ONLY') {
    const message = 'A paid partnership cannot be seen by its creator alone';
    findings.push({ severity: 'error', code: 'option_invalid', message, field: 'options.brandContent' });
  }
  if (isDraft && isVideo && text !== '') {
    const message = 'A draft of a video comes to the inbox without its text: its creator writes it';
    findings.push({ severity: 'warning', code: 'text_not_shown', message, field: 'content' });
  }
  if ((given.photoCoverIndex ?? 0) >= Math.max(1, media.length)) {
    const message = `There are only ${media.length} photos`;
    findings.push({ severity: 'error', code: 'option_invalid', message, field: 'options.photoCoverIndex' });
  }
  return findings;
}

const ofVideos = ['disableDuet', 'disableStitch', 'coverOffsetMs', 'madeWithAi'] as const;
const ofPhotos = ['title', 'photoCoverIndex', 'autoAddMusic'] as const;
const ofPosts = [
  'privacyLevel',
  'disableComment',
  'disableDuet',
  'disableStitch',
  'brandContent',
  'yourBrand',
  'madeWithAi',
  'coverOffsetMs',
  'autoAddMusic',
] as const;

function unused(given: TikTokOptions, isVideo: boolean, isDraft: boolean): ContentFinding[] {
  const reasons = new Map<keyof TikTokOptions, string>([
    ...(isVideo ? ofPhotos.map((name) => [name, 'Only photos have this'] as const) : []),
    ...(isVideo ? [] : ofVideos.map((name) => [name, 'Only a video has this'] as const)),
    ...(isDraft ? ofPosts.map((name) => [name, 'Whoever posts the draft decides this'] as const) : []),
  ]);
  return [...reasons]
    .filter(([name]) => given[name] !== undefined)
    .map(([name, message]) => ({ severity: 'warning', code: 'option_unused', message, field: `options.${name}` }));
}
