import { expect, test } from 'vitest';
import { instagram } from './index.ts';

const codes = (text: string, options: Record<string, unknown> = {}) =>
  instagram
    .validate({ text, options, media: [] }, { externalId: '17841', handle: 'ada', service: null })
    .map(({ code, field }) => `${code} ${field}`);

test('too many hashtags and mentions, and options that do not fit, are told', () => {
  expect(codes('#a '.repeat(30) + '@b '.repeat(20))).toEqual([]);
  expect(codes('#a '.repeat(31))).toEqual(['hashtags_too_many content']);
  expect(codes('@b '.repeat(21))).toEqual(['mentions_too_many content']);
  expect(
    codes('words', { postAs: 'story', firstComment: 'x', locationId: '5', coverUrl: 'https://a.example' }),
  ).toEqual([
    'text_not_shown content',
    'option_unused options.firstComment',
    'option_unused options.locationId',
    'option_unused options.coverUrl',
  ]);
  expect(codes('', { thumbOffsetMs: 5 })).toEqual(['option_unused options.thumbOffsetMs']);
  expect(codes('', { postAs: 'reel', thumbOffsetMs: 5 })).toEqual([]);
  expect(codes('', { collaborators: ['a b'] })).toEqual(['option_invalid options.collaborators.0']);
});
