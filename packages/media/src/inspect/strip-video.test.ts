import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { film, samplesOf } from '../fixtures/test-films.ts';
import { box, element, movie, uint32, webm } from '../fixtures/test-movies.ts';
import { probeVideo, type VideoMimeType } from './probe-video.ts';
import { stripVideo } from './strip-video.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-strip-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function stripped(file: Buffer, mimeType: VideoMimeType) {
  const [inputPath, outputPath] = [join(directory, 'in'), join(directory, 'out')];
  await writeFile(inputPath, file);
  const before = probeVideo(inputPath, mimeType);
  await stripVideo(inputPath, outputPath, mimeType);
  return { before, after: probeVideo(outputPath, mimeType), result: await readFile(outputPath) };
}

const place = '+52.5167+013.4000/';

describe('MP4', () => {
  /** A track of four samples of 18 bytes, in two chunks at these places of the file. */
  function timedTrack(handler: string, chunks: readonly number[], sizes: Buffer): Buffer {
    const description = box('stsd', uint32(0), uint32(1), box('mebx', Buffer.alloc(8)));
    const times = box('stts', uint32(0), uint32(1), uint32(4), uint32(600));
    const runs = box('stsc', uint32(0), uint32(2), uint32(1), uint32(3), uint32(1), uint32(2), uint32(1), uint32(1));
    const offsets = box('stco', uint32(0), uint32(chunks.length), ...chunks.map(uint32));
    const samples = box('stbl', description, times, runs, box('stsz', sizes), offsets);
    return box(
      'trak',
      box('tkhd', Buffer.alloc(84)),
      box(
        'mdia',
        box('mdhd', Buffer.alloc(24)),
        box('hdlr', uint32(0), uint32(0), Buffer.from(handler), Buffer.alloc(13)),
        box('minf', samples),
      ),
    );
  }
  const dataAt = movie({ indexFirst: false, dataBytes: 0 }).indexOf('mdat') + 4;
  const chunks = [dataAt + 100, dataAt + 1_000] as const;

  function filmWith(track: Buffer): Buffer {
    const file = movie({ indexFirst: false, dataBytes: 2_000, extra: track });
    file.write(place.repeat(3), chunks[0]);
    file.write(place, chunks[1]);
    return file;
  }

  test.each([
    ['meta', Buffer.concat([uint32(0), uint32(18), uint32(4)])],
    ['camm', Buffer.concat([uint32(0), uint32(0), uint32(4), ...[18, 18, 18, 18].map(uint32)])],
  ])('a timed track of places (%s) goes with its samples, the picture stays bit for bit', async (handler, sizes) => {
    const file = filmWith(timedTrack(handler, chunks, sizes));
    const { before, after, result } = await stripped(file, 'video/mp4');
    expect([before.hasMetadata, after.hasMetadata]).toEqual([true, false]);
    expect(result).toHaveLength(file.length);
    expect(result.includes('52.5167')).toBe(false);
    const left = movie({ indexFirst: false, dataBytes: 2_000 }).subarray(dataAt, dataAt + 2_000);
    left.fill(0, 100, 154).fill(0, 1_000, 1_018);
    expect(result.subarray(dataAt, dataAt + 2_000)).toEqual(left);
    expect(after).toMatchObject({ width: before.width, durationMs: before.durationMs, codec: before.codec });
  });

  test('a recording in fragments keeps its tracks: its fragments name them', async () => {
    const sizes = Buffer.concat([uint32(0), uint32(18), uint32(4)]);
    const run = box('traf', box('tfhd', uint32(8), uint32(1), uint32(1_000)), box('trun', uint32(0), uint32(30)));
    const file = Buffer.concat([filmWith(timedTrack('meta', chunks, sizes)), box('moof', run)]);
    const { before, result } = await stripped(file, 'video/mp4');
    expect(before).toMatchObject({ hasMetadata: false, durationMs: 6_000 });
    expect(result).toEqual(file);
  });

  test.each([
    ['QuickTime', { container: 'mov', indexFirst: false }],
    ['MP4', {}],
    ['a recording in fragments', { fragments: 3 }],
  ] as const)(
    '%s: dates of recording go with place and camera, picture and sound stay bit for bit',
    async (_, kind) => {
      const told = '2024-05-06T07:08:09+0200 Telephone 12';
      const recordedAt = 3_800_000_000;
      const { before, after, result } = await stripped(film({ ...kind, told, recordedAt }), 'video/quicktime');
      expect([before.hasMetadata, after.hasMetadata]).toEqual([true, false]);
      for (const word of ['2024-05', 'Telephone', 'creationdate', uint32(recordedAt)])
        expect([word, result.includes(word)]).toEqual([word, false]);
      for (const sample of samplesOf(kind).flat()) expect(result.includes(sample)).toBe(true);
      expect({ ...after, hasMetadata: true }).toEqual(before);
    },
  );

  test('headers of the long form, makers’ own boxes and the clock of a live recording tell nothing either', async () => {
    const maker = box('uuid', Buffer.alloc(16, 0x42), Buffer.from('Camera 7'));
    const panorama = box('uuid', Buffer.from('ffcc8263f8554a938814587a02521fdd', 'hex'), Buffer.from('<Spherical/>'));
    const clock = box('prft', Buffer.from('00000000000000010e5a6b7c8d9eafb000000000', 'hex'));
    const long = box(
      'mvhd',
      Buffer.from('01000000', 'hex'),
      Buffer.alloc(7),
      Buffer.of(9),
      Buffer.alloc(7),
      Buffer.of(9),
      uint32(1_000),
      Buffer.alloc(88),
    );
    const plain = movie({ extra: Buffer.concat([maker, panorama]) });
    const at = plain.indexOf('mvhd') - 4;
    const old = plain.readUInt32BE(at);
    const file = Buffer.concat([plain.subarray(0, at), long, plain.subarray(at + old), clock]);
    file.writeUInt32BE(file.readUInt32BE(at - 8) + long.length - old, at - 8);
    const { before, after, result } = await stripped(file, 'video/mp4');
    expect([before.hasMetadata, after.hasMetadata]).toEqual([true, false]);
    expect(result.subarray(at + 12, at + 28)).toEqual(Buffer.alloc(16));
    expect(['Camera 7', 'prft', '<Spherical/>'].map((word) => result.includes(word))).toEqual([false, false, true]);
  });

  test('subtitles stay, and a track that names other parts of the file as its samples harms none of them', async () => {
    const sizes = Buffer.concat([uint32(0), uint32(18), uint32(4)]);
    const subtitled = filmWith(timedTrack('sbtl', chunks, sizes));
    expect((await stripped(subtitled, 'video/mp4')).before.hasMetadata).toBe(false);
    const outside = movie({ indexFirst: false, dataBytes: 2_000, extra: timedTrack('meta', [4, 5_000_000], sizes) });
    await rm(join(directory, 'out'));
    const { result } = await stripped(outside, 'video/mp4');
    expect(result.subarray(0, dataAt + 2_000)).toEqual(outside.subarray(0, dataAt + 2_000));
  });
});

describe('WebM', () => {
  const tag = element(
    0x1254c367,
    element(0x7373, element(0x67c8, element(0x45a3, Buffer.from('LOCATION')), element(0x4487, Buffer.from(place)))),
  );
  const attachment = element(0x1941a469, element(0x61a7, Buffer.from(`Exif ${place}`)));
  const told = Buffer.concat([
    element(0x7ba9, Buffer.from('At home')),
    Buffer.from([0x44, 0x61, 0x88, 1, 2, 3, 4, 5, 6, 7, 8]),
  ]);

  test('tags, attached files, title and date become empty room of the same length', async () => {
    const file = webm({ told, behind: Buffer.concat([tag, attachment]) });
    const { before, after, result } = await stripped(file, 'video/webm');
    expect([before.hasMetadata, after.hasMetadata]).toEqual([true, false]);
    expect(result).toHaveLength(file.length);
    for (const word of ['52.5167', 'LOCATION', 'At home', 'Exif'])
      expect([word, result.includes(word)]).toEqual([word, false]);
    const pictures = (of: Buffer) =>
      of.subarray(of.indexOf(Buffer.from('1f43b675', 'hex')), of.length - tag.length - attachment.length);
    expect(pictures(result)).toEqual(pictures(file));
    expect({ ...after, hasMetadata: true }).toEqual(before);
  });

  test('of a live recording, too', async () => {
    const { before, after, result } = await stripped(webm({ isLive: true, behind: tag }), 'video/webm');
    expect([before.hasMetadata, after.hasMetadata]).toEqual([true, false]);
    expect(result.includes('52.5167')).toBe(false);
  });

  test('one that tells nothing goes out as it is', async () => {
    const file = webm();
    const { before, result } = await stripped(file, 'video/webm');
    expect(before.hasMetadata).toBe(false);
    expect(result).toEqual(file);
  });
});
