import { expect, test } from 'vitest';
import { guessLangs } from './guess-langs.ts';

test.each([
  ['Heute trinken wir Tee im Garten', ['de']],
  ['Good morning everyone, the new tea is here 🎉 #launch https://example.com/das-ist-ein-link', ['en']],
  ['Comment faire du thé vert sans amertume', ['fr']],
  ['今日はお茶を飲みます', ['ja']],
  ['Привіт, сьогодні ми п’ємо чай', ['uk']],
])('%s is in %s', async (text, langs) => {
  expect(await guessLangs(text)).toEqual(langs);
});

test.each([
  '',
  'lol',
  'Danke',
  'Café ☕ 🎉',
  'https://example.com/a/long/address/of/a/page',
  '12345 67890',
  '#tea @ada.example.com',
])('%s may be in any language', async (text) => {
  expect(await guessLangs(text)).toBeUndefined();
});
