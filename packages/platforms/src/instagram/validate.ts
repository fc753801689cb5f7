import { optionFindings, textTooLong } from '../content/content-findings.ts';
import type { ContentFinding, DraftContent } from '../port/content.ts';
import { measureAnew, type TextMeasure } from '../text/text-measure.ts';
import { InstagramOptions } from './options.ts';
import { countInstagram, hashtagsMax, instagramTextMax, mentionsMax, tagsIn } from './text.ts';

export function validateInstagram(
  { text, options, media }: DraftContent,
  _account: unknown,
  measure: TextMeasure = measureAnew,
): ContentFinding[] {
  const given = InstagramOptions.safeParse(options).data ?? {};
  const { hashtags, mentions } = measure(tagsIn, text);
  const findings = [
    ...textTooLong(measure(countInstagram, text), instagramTextMax, 'characters'),
    ...optionFindings(InstagramOptions, options),
  ];
  if (hashtags > hashtagsMax) findings.push(tooMany('hashtags', hashtags, hashtagsMax));
  if (mentions > mentionsMax) findings.push(tooMany('mentions', mentions, mentionsMax));
  const isStory = given.postAs === 'story';
  if (isStory && text.trim() !== '') {
    findings.push({ severity: 'warning', code: 'text_not_shown', message: 'A story shows no text', field: 'content' });
  }
  if (isStory && given.firstComment !== undefined) {
    const message = 'A story has no comments';
    findings.push({ severity: 'error', code: 'option_unused', message, field: 'options.firstComment' });
  }
  if (isStory) findings.push(...unused(given, ['locationId', 'collaborators'], 'A story does not show this'));
  if (isStory || (given.postAs !== 'reel' && !isOneVideo(media)))
    findings.push(...unused(given, ofReels, 'Only a reel has this'));
  return findings;
}

function isOneVideo(media: DraftContent['media']): boolean {
  return media.length === 1 && media[0]?.kind === 'video';
}

const ofReels = ['coverUrl', 'thumbOffsetMs', 'shareToFeed', 'audioName', 'trial'] as const;

function unused(
  given: InstagramOptions,
  names: readonly (keyof InstagramOptions)[],
  message: string,
): ContentFinding[] {
  return names
    .filter((name) => given[name] !== undefined)
    .map((name) => ({ severity: 'warning', code: 'option_unused', message, field: `options.${name}` }));
}

function tooMany(what: string, count: number, max: number): ContentFinding {
  const message = `Instagram takes ${max} ${what}, not ${count}`;
  return { severity: 'error', code: `${what}_too_many`, message, field: 'content' };
}
