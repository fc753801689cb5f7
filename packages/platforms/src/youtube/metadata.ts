import type { TextContent } from '../port/content.ts';
import { categoryNumbers, YouTubeOptions } from './options.ts';
import { titleFrom } from './text.ts';

/** The words of a video. https://developers.google.com/youtube/v3/docs/videos#snippet, read 2026-11. */
export function snippetOf({ text, options }: TextContent) {
  const { title = titleFrom(text), tags = [], category = 'people', language } = YouTubeOptions.parse(options);
  return {
    title,
    description: text,
    tags,
    categoryId: categoryNumbers[category],
    ...(language === undefined ? {} : { defaultLanguage: language }),
  };
}

/** All of it: what an update leaves out falls back. https://developers.google.com/youtube/v3/docs/videos/update, read 2026-11. */
export function statusOf({ options }: TextContent) {
  const given = YouTubeOptions.parse(options);
  return {
    privacyStatus: given.privacy ?? 'public',
    selfDeclaredMadeForKids: given.madeForKids ?? false,
    containsSyntheticMedia: given.syntheticMedia ?? false,
    embeddable: given.embeddable ?? true,
    license: given.license ?? 'youtube',
    publicStatsViewable: given.publicStats ?? true,
  };
}
