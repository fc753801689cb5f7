import { expect, test } from 'vitest';
import type { DraftContent } from '../port/content.ts';
import { countThreads } from './text.ts';
import { validateThreads } from './validate.ts';

test.each([
  ['plain', 'a'.repeat(500), 500],
  ['accents', 'é'.repeat(500), 500],
  ['a combined accent', 'e\u0301', 1],
  ['emoji by their bytes', '👍', 4],
  ['a family by all its bytes', '👩‍👩‍👧', 18],
  ['a flag', '🇩🇪', 8],
  ['a keycap', '1️⃣', 7],
  ['digits and signs', '1#*', 3],
  ['Japanese', '日本', 2],
])('%s', (_what, text, count) => {
  expect(countThreads(text)).toBe(count);
});

const found = (text: string, options: Record<string, unknown> = {}, media: readonly Facts[] = []) =>
  validateThreads({ text, options, media }, null).map(({ code, field }) => `${code} ${field}`);
type Facts = DraftContent['media'][number];
const picture: Facts = {
  kind: 'image',
  mimeType: 'image/jpeg',
  bytes: 1_000,
  width: 640,
  height: 480,
  orientation: 1,
  animated: false,
  frames: 1,
  alpha: false,
  durationMs: null,
  framesPerSecond: null,
  codec: null,
  audioCodec: null,
  indexFirst: null,
  hasMetadata: false,
  alt: null,
};
const links = (count: number) => Array.from({ length: count }, (_, n) => `https://example.com/${n}`).join(' ');

test('what Threads would refuse is found before', () => {
  expect(
    found('Hello', { replyControl: 'followers_only', topicTag: 'tea time', linkAttachment: 'https://a.bc' }),
  ).toEqual([]);
  expect(found('👍'.repeat(126))).toEqual(['text_too_long content']);
  expect(found(' ')).toEqual(['text_missing content']);
  expect(found('', {}, [picture])).toEqual([]);
  expect(found(links(5))).toEqual([]);
  expect(found(links(6))).toEqual(['links_too_many content']);
  expect(found(links(5), { linkAttachment: 'https://example.com/0' })).toEqual([]);
  expect(found(links(5), { linkAttachment: 'https://example.com/9' })).toEqual(['links_too_many content']);
  expect(found('a', { linkAttachment: 'https://a.bc' }, [picture])).toEqual(['option_unused options.linkAttachment']);
  expect(found('a', { topicTag: 'a.b' })).toEqual(['option_invalid options.topicTag']);
  expect(found('a', { replyControl: 'nobody' })).toEqual(['option_invalid options.replyControl']);
  expect(found('a', { visibility: 'public' })).toEqual(['option_unknown options.visibility']);
});
