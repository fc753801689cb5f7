import { expect, test } from 'vitest';
import type { DraftContent } from '../port/content.ts';
import { testFilmFacts } from '../testing/test-media.ts';
import { tiktok } from './index.ts';

const account = { externalId: '-000a', handle: 'ada', service: null };
const film = testFilmFacts();
const photo = { ...film, kind: 'image' as const, mimeType: 'image/jpeg' as const, durationMs: null };
const codesOf = (content: Partial<DraftContent>) =>
  tiktok
    .validate({ text: 'Norway', options: {}, media: [film], ...content }, account)
    .map(({ severity, code, field }) => `${severity} ${code} ${field}`);

test.each<[string, Partial<DraftContent>, string[]]>([
  ['2,200 units of a video', { text: 'é'.repeat(2_200) }, []],
  ['2,201 of them', { text: 'é'.repeat(2_201) }, ['error text_too_long content']],
  ['1,101 emoji, which are two units each', { text: '👍'.repeat(1_101) }, ['error text_too_long content']],
  ['4,000 units of photos', { text: 'é'.repeat(4_000), media: [photo] }, []],
  ['4,001 of them', { text: 'é'.repeat(4_001), media: [photo] }, ['error text_too_long content']],
  ['options of photos on a video', { options: { title: 'T' } }, ['warning option_unused options.title']],
  [
    'options of a video on photos',
    { options: { disableDuet: true }, media: [photo] },
    ['warning option_unused options.disableDuet'],
  ],
  [
    'settings of a draft',
    { text: '', options: { postAs: 'draft', privacyLevel: 'SELF_ONLY' } },
    ['warning option_unused options.privacyLevel'],
  ],
  ['a draft of a video with a text', { options: { postAs: 'draft' } }, ['warning text_not_shown content']],
  [
    'a paid partnership that nobody sees',
    { options: { brandContent: true, privacyLevel: 'SELF_ONLY' } },
    ['error option_invalid options.brandContent'],
  ],
  [
    'a cover that is not there',
    { options: { photoCoverIndex: 1 }, media: [photo] },
    ['error option_invalid options.photoCoverIndex'],
  ],
  [
    'a privacy level that does not exist',
    { options: { privacyLevel: 'ALL' } },
    ['error option_invalid options.privacyLevel'],
  ],
])('%s', (_what, content, expected) => {
  expect(codesOf(content)).toEqual(expected);
});
