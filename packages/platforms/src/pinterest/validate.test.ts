import { expect, test } from 'vitest';
import type { DraftContent } from '../port/content.ts';
import { testFilmFacts } from '../testing/test-media.ts';
import { pinterest } from './index.ts';

const account = { externalId: '500', handle: 'ada/food', service: null };
const film = testFilmFacts({ durationMs: 5_000 });
const picture = { ...film, kind: 'image' as const, mimeType: 'image/png' as const, durationMs: null };
const codesOf = (content: Partial<DraftContent>) =>
  pinterest
    .validate({ text: 'Soup', options: {}, media: [picture], ...content }, account)
    .map(({ severity, code, field }) => `${severity} ${code} ${field}`);

test.each<[string, Partial<DraftContent>, string[]]>([
  ['500 characters, however they are coded', { text: '👍'.repeat(500) }, []],
  ['800 characters', { text: '👍'.repeat(800) }, ['warning text_long content']],
  ['801 characters', { text: 'é'.repeat(801) }, ['error text_too_long content']],
  ['pictures of one size', { media: [picture, picture] }, []],
  ['pictures of two sizes', { media: [picture, { ...picture, width: 9 }] }, ['error carousel_sizes mediaIds']],
  ['a video and its cover', { media: [film, picture] }, []],
  ['a video and two pictures', { media: [picture, film, picture] }, ['error media_mixed mediaIds']],
  ['a cover of a picture', { options: { coverOffsetMs: 1 } }, ['warning option_unused options.coverOffsetMs']],
  [
    'two covers',
    { options: { coverUrl: 'https://a.bc/d' }, media: [film, picture] },
    ['warning option_unused options.coverUrl'],
  ],
  ['a link that is none', { options: { link: 'javascript:alert(1)' } }, ['error option_invalid options.link']],
  ['a title that is too long', { options: { title: 'é'.repeat(101) } }, ['error option_invalid options.title']],
  ['an option that does not exist', { options: { colour: 'red' } }, ['error option_unknown options.colour']],
])('%s', (_what, content, expected) => {
  expect(codesOf(content)).toEqual(expected);
});
