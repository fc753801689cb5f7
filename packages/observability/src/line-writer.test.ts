import { expect, test } from 'vitest';
import { createLineWriter } from './line-writer.ts';

function stalling() {
  const taken: string[] = [];
  let gate = Promise.withResolvers<void>();
  return {
    taken,
    writeBatch: async (batch: string) => {
      await gate.promise;
      taken.push(batch);
    },
    go() {
      gate.resolve();
    },
    stall() {
      gate = Promise.withResolvers();
    },
  };
}

test('lines that come while one is being written go together, in their order', async () => {
  const reader = stalling();
  const writer = createLineWriter(reader);
  for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line);
  reader.go();
  expect(await writer.flush(1_000)).toBe(true);
  expect(reader.taken).toEqual(['a\n', 'b\nc\n']);
});

test('a stalled reader costs no more than the bound; what is dropped is counted, and told once it reads again', async () => {
  const reader = stalling();
  const writer = createLineWriter({
    ...reader,
    waitingMax: 100,
    describeDropped: (dropped) => `dropped ${dropped}\n`,
  });
  for (let count = 0; count < 1_000; count += 1) writer.write('123456789\n');
  expect(writer.droppedLines).toBe(990);
  reader.go();
  await writer.flush(1_000);
  expect(reader.taken.join('')).toBe(`${'123456789\n'.repeat(10)}dropped 990\n`);
  writer.write('more\n');
  await writer.flush(1_000);
  expect(reader.taken.at(-1)).toBe('more\n');
});

test('a flush waits no longer than it was told', async () => {
  const writer = createLineWriter(stalling());
  writer.write('a\n');
  expect(await writer.flush(20)).toBe(false);
});

test('what cannot be written is dropped and holds up nothing behind it', async () => {
  const taken: string[] = [];
  const writer = createLineWriter({
    async writeBatch(batch) {
      if (batch === 'bad\n') throw new Error('full');
      taken.push(batch);
    },
  });
  writer.write('bad\n');
  writer.write('good\n');
  expect(await writer.flush(1_000)).toBe(true);
  expect([writer.droppedLines, taken]).toEqual([1, ['good\n']]);
});

test('a long queue is written in batches of bounded size', async () => {
  const sizes: number[] = [];
  const writer = createLineWriter({ writeBatch: async (batch) => void sizes.push(batch.length) });
  const line = `${'x'.repeat(9_999)}\n`;
  for (let count = 0; count < 100; count += 1) writer.write(line);
  await writer.flush(1_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100 * line.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024);
});
