import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type Box, boxesIn, child, uintIn } from '../containers/isobmff-boxes.ts';
import { film, type FilmOptions, samplesOf } from '../fixtures/test-films.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { probeVideo } from './probe-video.ts';
import { rewrapVideo } from './rewrap-video.ts';

const directory = mkdtempSync(join(tmpdir(), 'vt-rewrap-'));
const [inputPath, outputPath] = [join(directory, 'in.mov'), join(directory, 'out.mp4')];
beforeEach(() => rmSync(outputPath, { force: true }));
afterAll(() => rmSync(directory, { recursive: true }));

async function rewrapped(file: Buffer): Promise<Buffer> {
  writeFileSync(inputPath, file);
  rmSync(outputPath, { force: true });
  await rewrapVideo(inputPath, outputPath);
  return readFileSync(outputPath);
}

/** The samples of each track, found as a player finds them: through its tables. */
function readSamples(file: Buffer): Buffer[][] {
  const moov = boxesIn(file, 0, file.length).find(({ type }) => type === 'moov');
  if (moov === undefined) throw new Error('it has no index');
  return boxesIn(file, moov.body, moov.end)
    .filter(({ type }) => type === 'trak')
    .map((trak) => samplesIn(file, trak));
}

function samplesIn(file: Buffer, trak: Box): Buffer[] {
  const table = (type: string) => {
    const found = child(file, trak, 'mdia', 'minf', 'stbl', type);
    if (found === null) throw new Error(`it has no ${type}`);
    return found;
  };
  const [runs, sizes, chunks] = [table('stsc'), table('stsz'), table('stco')];
  const samples: Buffer[] = [];
  for (let chunk = 1, run = 0; chunk <= uintIn(file, chunks, 4, 4); chunk += 1) {
    if (run + 1 < uintIn(file, runs, 4, 4) && uintIn(file, runs, 8 + (run + 1) * 12, 4) <= chunk) run += 1;
    let at = uintIn(file, chunks, 8 + (chunk - 1) * 4, 4);
    for (let left = uintIn(file, runs, 12 + run * 12, 4); left > 0; left -= 1) {
      const bytes = uintIn(file, sizes, 12 + samples.length * 4, 4);
      samples.push(file.subarray(at, at + bytes));
      at += bytes;
    }
  }
  return samples;
}

const quickTime = { container: 'mov', indexFirst: false } as const;

describe('a film from a phone becomes an MP4', () => {
  test.each<[string, FilmOptions]>([
    ['H.264 and AAC, the entry of MP4', { ...quickTime }],
    ['H.264 and AAC, QuickTime’s second entry', { ...quickTime, sound: { codec: 'aac', version: 1 } }],
    ['HEVC and AAC, QuickTime’s third entry', { ...quickTime, codec: 'hevc', sound: { codec: 'aac', version: 2 } }],
    ['silent', { ...quickTime, sound: null }],
    ['cut', { ...quickTime, seconds: 20, edits: [{ seconds: 6, from: 2 }] }],
    ['an MP4 whose index stands last', { indexFirst: false }],
  ])('%s: every sample is there, bit for bit, and the index comes first', async (_, options) => {
    writeFileSync(inputPath, film(options));
    const before = probeVideo(inputPath, options.container === 'mov' ? 'video/quicktime' : 'video/mp4');
    expect(before).toMatchObject({ rewrappable: true, indexFirst: false });
    const file = await rewrapped(film(options));
    expect(boxesIn(file, 0, file.length).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'mdat']);
    expect(file.toString('latin1', 8, 12)).toBe('isom');
    expect(readSamples(file)).toEqual(samplesOf(options));
    const { bytes: _bytes, ...after } = probeVideo(outputPath, 'video/mp4');
    expect({ ...before, ...after }).toEqual({
      ...before,
      mimeType: 'video/mp4',
      indexFirst: true,
      hasMetadata: false,
    });
  });

  test('nothing of its maker comes along: dates, places, other tracks and their samples', async () => {
    const file = film({ ...quickTime, told: '+52.5167+013.4000/ 2024-05-06', recordedAt: 3_800_000_000 });
    expect(file.includes('52.5167')).toBe(true);
    const after = await rewrapped(file);
    for (const told of ['52.5167', 'creationdate', 'appl', 'H.264', Buffer.from('e27f6700', 'hex')])
      expect([told, after.includes(told)]).toEqual([told, false]);
    expect(readSamples(after)).toEqual(samplesOf({ ...quickTime }));
  });

  test('what QuickTime says in its own way is said as MP4 does', async () => {
    const file = await rewrapped(film({ ...quickTime, sound: { codec: 'aac', version: 2, channels: 1 } }));
    const moov = boxesIn(file, 0, file.length).find(({ type }) => type === 'moov');
    if (moov === undefined) throw new Error('it has no index');
    const tracks = boxesIn(file, moov.body, moov.end).filter(({ type }) => type === 'trak');
    for (const trak of tracks) {
      const language = child(file, trak, 'mdia', 'mdhd');
      const reference = child(file, trak, 'mdia', 'minf', 'dinf', 'dref');
      if (language === null || reference === null) throw new Error('a header is missing');
      expect(uintIn(file, language, 20, 2)).toBe(0x55c4);
      expect(boxesIn(file, reference.body + 8, reference.end).map(({ type }) => type)).toEqual(['url ']);
      expect(boxesIn(file, trak.body, trak.end).map(({ type }) => type)).toEqual(['tkhd', 'mdia']);
    }
    expect(file.includes('nclx')).toBe(true);
    for (const old of ['wave', 'tapt', 'alis', 'mhlr', 'nclc']) expect([old, file.includes(old)]).toEqual([old, false]);
  });

  test('times of display that are negative are told so', async () => {
    const file = film({ ...quickTime });
    const table = Buffer.from('000000206374747300000000000000020000000100000000000000010000ffff', 'hex');
    table.writeInt32BE(-600, 28);
    const at = file.indexOf('stss') - 4;
    for (const parent of ['stbl', 'minf', 'mdia', 'trak', 'moov']) {
      const size = file.indexOf(parent) - 4;
      file.writeUInt32BE(file.readUInt32BE(size) + table.length, size);
    }
    const after = await rewrapped(Buffer.concat([file.subarray(0, at), table, file.subarray(at)]));
    const shifts = after.indexOf('ctts');
    expect([after[shifts + 4], after.readInt32BE(shifts + 24)]).toEqual([1, -600]);
  });
});

describe('what cannot become one is said before anything is promised', () => {
  test.each<[string, FilmOptions]>([
    ['ProRes', { ...quickTime, codec: 'prores' }],
    ['sound as samples', { ...quickTime, sound: { codec: 'pcm' } }],
    ['fragments', { fragments: 3 }],
  ])('%s', async (_, options) => {
    writeFileSync(inputPath, film(options));
    expect(probeVideo(inputPath, 'video/quicktime').rewrappable).toBe(false);
    await expect(rewrapVideo(inputPath, outputPath)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('an index that names samples outside of the data', async () => {
    const file = film({ ...quickTime });
    file.writeUInt32BE(5_000_000, file.indexOf('stco') + 12);
    writeFileSync(inputPath, file);
    expect(probeVideo(inputPath, 'video/quicktime').rewrappable).toBe(false);
  });
});

test('a damaged film is put into an MP4 or refused, and what comes of it is no larger than it was', async () => {
  const seed = film({ ...quickTime, seconds: 2, sound: { codec: 'aac', version: 1 }, told: 'somewhere' });
  const index = seed.indexOf('moov');
  const place = fc.oneof(fc.integer({ min: index - 4, max: seed.length - 1 }), fc.nat(seed.length - 1));
  const change = fc.tuple(place, fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const broken = Buffer.from(seed);
      for (const [at, value] of changes) broken[at] = value;
      try {
        expect((await rewrapped(broken)).length).toBeLessThan(seed.length + 200);
      } catch (error) {
        if (!(error instanceof MediaRefusedError) && !(error instanceof RangeError)) throw error;
      }
    }),
    { numRuns: 150 },
  );
});

test('a hundred megabytes take as little memory as one', async () => {
  const { base, data } = { base: film({ ...quickTime, seconds: 1, sound: null }), data: 100_000_000 };
  const at = base.indexOf('mdat') - 4;
  const grown = Buffer.concat([base.subarray(0, at), Buffer.alloc(data)]);
  const index = base.subarray(base.indexOf('moov') - 4);
  grown.writeUInt32BE(data, at);
  base.copy(grown, at + 4, at + 4, base.indexOf('moov') - 4);
  writeFileSync(inputPath, Buffer.concat([grown.subarray(0, at + data), index]));
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 1);
  await rewrapVideo(inputPath, outputPath).finally(() => clearInterval(watch));
  expect(most - before).toBeLessThan(40_000_000);
  expect(probeVideo(outputPath, 'video/mp4')).toMatchObject({ durationMs: 1_000, indexFirst: true });
});
