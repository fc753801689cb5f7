import { describe, expect, test } from 'vitest';
import { youTubeLimits } from './limits.ts';
import { countTags, titleFrom } from './text.ts';
import { validateYouTube } from './validate.ts';

const findings = (text: string, options: Record<string, unknown> = {}) =>
  validateYouTube({ text, options, media: [] }).map(({ code, field }) => `${code} ${field}`);

test('the description is counted in bytes, and holds neither < nor >', () => {
  expect(findings('é'.repeat(2_500))).toEqual([]);
  expect(findings('é'.repeat(2_501))).toEqual(['text_too_long content']);
  expect(findings('a < b')).toEqual(['text_characters content']);
});

test('a title is given, or made of the first line, cut at a word', () => {
  expect(findings('')).toEqual(['text_missing content']);
  expect(findings('', { title: 'Bread' })).toEqual([]);
  expect(findings('x', { title: 'a'.repeat(101) })).toEqual(['option_invalid options.title']);
  expect(findings('x', { title: 'a > b' })).toEqual(['option_invalid options.title']);
  expect(titleFrom('  First line \n\nSecond')).toBe('First line');
  const words = `${'word '.repeat(30)}`;
  expect(titleFrom(words)).toBe(`${'word '.repeat(19).trim()}…`);
  expect(Array.from(titleFrom('😀'.repeat(300)))).toHaveLength(100);
});

test('tags have 500 characters together, with commas between and quotes around those of several words', () => {
  expect(countTags(['ab', 'c d', 'e'])).toBe(2 + 5 + 1 + 2);
  expect(findings('x', { tags: ['a'.repeat(250), 'b'.repeat(249)] })).toEqual([]);
  expect(findings('x', { tags: ['a'.repeat(250), 'b'.repeat(250)] })).toEqual(['option_invalid options.tags']);
});

test.each([{ madeForKids: true }, { privacy: 'private' }])('%j has no comments', (option) => {
  expect(findings('x', { firstComment: 'First', ...option })).toEqual(['option_invalid options.firstComment']);
});

describe('units', () => {
  const { appUnitsPerDay } = youTubeLimits;
  const cost = (options: Record<string, unknown>) => appUnitsPerDay?.costOfPost({ text: 'x', options, media: [] });

  test('a post costs what its requests do', () => {
    expect(cost({})).toBe(53);
    expect(cost({ playlistId: 'PL1', firstComment: 'First' })).toBe(53 + 52 + 50);
  });

  test.each([
    ['POST', '/upload/youtube/v3/videos', 0],
    ['PUT', '/upload/youtube/v3/videos', 0],
    ['POST', '/upload/youtube/v3/thumbnails/set', 50],
    ['GET', '/youtube/v3/videos', 1],
    ['PUT', '/youtube/youtube/v3/videos', 50],
    ['POST', '/token', 0],
  ])('%s %s costs %i', (method, path, units) => {
    expect(appUnitsPerDay?.costOfCall({ method, path })).toBe(units);
  });
});
