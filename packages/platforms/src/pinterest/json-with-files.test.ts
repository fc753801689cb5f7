import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testVideo } from '../testing/test-media.ts';
import { jsonWithFiles } from './json-with-files.ts';

/** A file in pieces of these lengths. */
function inPieces(lengths: readonly number[]): { item: MediaItem; content: Buffer } {
  const content = Buffer.from(
    Array.from({ length: lengths.reduce((sum, each) => sum + each, 0) }, (_, at) => at % 256),
  );
  async function* read() {
    let from = 0;
    for (const length of lengths) yield content.subarray(from, (from += length));
  }
  return { item: { ...testVideo(64), bytes: content.length, read }, content };
}

test('files stand in it whole, whatever pieces they come in, and its length is told ahead', async () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 3 }), fc.string(), async (files, text) => {
      const made = files.map(inPieces);
      const stream = jsonWithFiles((placed) => ({ text, files: made.map(({ item }) => ({ data: placed(item) })) }));
      const bytes: Uint8Array[] = [];
      for await (const piece of stream.open()) bytes.push(piece);
      const whole = Buffer.concat(bytes);
      expect(whole.length).toBe(stream.byteLength);
      expect(JSON.parse(whole.toString())).toEqual({
        text,
        files: made.map(({ content }) => ({ data: content.toString('base64') })),
      });
    }),
    { numRuns: 60 },
  );
});
