import { expect, test } from 'vitest';
import { readAnswer } from './read-answer.ts';

const answer = (text: string) =>
  readAnswer(
    { statusCode: 200, headers: {}, body: [Buffer.from(text)] as never },
    {
      receivedAt: new Date(0),
      bodyBytesMax: 1024 * 1024,
    },
  );

test('what no database can keep does not come in: NUL and half characters, wherever they stand', async () => {
  const { json } = await answer(
    String.raw`{"id":"a\u0000b","list":[{"text":"\ud800 half, \ud83d\ude00 whole"}],"n":1}`,
  );
  expect(json).toEqual({ id: 'a\ufffdb', list: [{ text: '\ufffd half, 😀 whole' }], n: 1 });
});

test('an answer without them is taken as it is', async () => {
  expect((await answer('{"text":"é \\u00e9 \\\\u0000"}')).json).toEqual({ text: 'é é \\u0000' });
  expect((await answer('<html>')).json).toBeUndefined();
});

test.each([
  ['more values than a platform has to say', `[${'{},'.repeat(200_000)}{}]`],
  ['values in values', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['many fields', `{${Array.from({ length: 60_000 }, (_, index) => `"f${index}":1`).join()}}`],
])('%s are no answer, before a schema looks at each', async (_, text) => {
  expect((await answer(text)).json).toBeUndefined();
});
