import { expect, test } from 'vitest';
import { countIn, readingsIn, readOneByOne, writtenCountIn } from './metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';

test.each([
  [0, 0],
  [41, 41],
  [1e15, 1e15],
  [-1, null],
  [0.5, null],
  [1e30, null],
  [NaN, null],
  [Infinity, null],
  ['12', null],
  [null, null],
  [undefined, null],
  [{}, null],
])('%j is counted as %j', (given, count) => expect(countIn(given)).toBe(count));

test.each([
  ['41', 41],
  ['0', 0],
  ['-1', null],
  ['1e3', null],
  [' 1', null],
  ['9'.repeat(40), null],
  [41, null],
])('%j in writing is %j', (given, count) => expect(writtenCountIn(given)).toBe(count));

test('a number that an answer leaves out is null, and so is one that every object has', () => {
  const named = { source: expect.any(String), definitionVersion: '1' };
  expect(
    readingsIn(
      { likes: 3 },
      [
        ['likes', 'reactions'],
        ['views', 'views'],
        ['toString', 'saves'],
      ],
      '1',
    ),
  ).toEqual([
    { ...named, metric: 'reactions', value: 3 },
    { ...named, metric: 'views', value: null },
    { ...named, metric: 'saves', value: null },
  ]);
});

test('a post that is gone is left out; an account that is gone, and every other trouble, is told', async () => {
  const posts = ['1', '2'].map((platformPostId) => ({ platformPostId, url: null }));
  const read = (failure: PlatformError) =>
    readOneByOne(posts, ({ platformPostId }) =>
      platformPostId === '1' ? Promise.reject(failure) : Promise.resolve([]),
    );
  const details = { platformCode: '404' };
  expect([...(await read(new PlatformError('not_found', 'none', details))).keys()]).toEqual(['2']);
  const gone = new PlatformError('not_found', 'none', { ...details, accountGone: 'is gone' });
  await expect(read(gone)).rejects.toBe(gone);
  const limited = new PlatformError('rate_limit', 'wait', details);
  await expect(read(limited)).rejects.toBe(limited);
});
