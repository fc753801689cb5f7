import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { afterAll, describe, expect, test } from 'vitest';
import { film, type FilmOptions } from '../fixtures/test-films.ts';
import { box, movie, mpeg, webm } from '../fixtures/test-movies.ts';
import { probeVideo, type VideoMimeType } from './probe-video.ts';

const directory = mkdtempSync(join(tmpdir(), 'vt-facts-'));
afterAll(() => rmSync(directory, { recursive: true }));

function factsOf(file: Buffer, mimeType: VideoMimeType = 'video/mp4'): MediaFacts {
  const path = join(directory, 'file');
  writeFileSync(path, file);
  return probeVideo(path, mimeType);
}

describe('length', () => {
  test.each<[string, FilmOptions, number]>([
    ['cut to 10 of 30 seconds', { seconds: 30, edits: [{ seconds: 10, from: 5 }] }, 10_000],
    [
      'of two parts of it',
      {
        seconds: 30,
        edits: [
          { seconds: 4, from: 1 },
          { seconds: 3, from: 20 },
        ],
      },
      7_000,
    ],
    [
      'with a pause before it',
      {
        seconds: 5,
        edits: [
          { seconds: 2, from: null },
          { seconds: 5, from: 0 },
        ],
      },
      7_000,
    ],
    ['in fragments', { seconds: 6, fragments: 4 }, 6_000],
    ['in fragments that begin in the middle of a recording', { seconds: 6, fragments: 3, fragmentsFrom: 4_000 }, 6_000],
    [
      'in fragments, after a pause, and «the rest» of it',
      {
        seconds: 6,
        fragments: 2,
        edits: [
          { seconds: 1, from: null },
          { seconds: 0, from: 2 },
        ],
      },
      5_000,
    ],
  ])('of a film %s', (_, options, durationMs) => {
    expect(factsOf(film(options))).toMatchObject({ durationMs, framesPerSecond: 30 });
  });

  test('a list of edits that was written before fragments followed tells of the beginning only', () => {
    const beginning = movie({
      seconds: 2,
      extra: box('mvex', box('trex', Buffer.from('000000000000000100000001000003e8', 'hex'), Buffer.alloc(8))),
    });
    const list = box('edts', box('elst', Buffer.from('0000000000000001000007d00000000000010000', 'hex')));
    const at = beginning.indexOf('mdia') - 4;
    for (const parent of ['trak', 'moov']) {
      const size = beginning.indexOf(parent) - 4;
      beginning.writeUInt32BE(beginning.readUInt32BE(size) + list.length, size);
    }
    const run = box(
      'traf',
      box('tfhd', Buffer.from('0000000000000001', 'hex')),
      box('trun', Buffer.from('0000000000000078', 'hex')),
    );
    const file = Buffer.concat([beginning.subarray(0, at), list, beginning.subarray(at), box('moof', run)]);
    expect(factsOf(file)).toMatchObject({ durationMs: 6_000 });
  });
});

describe('how it is coded', () => {
  test.each<[string, FilmOptions, Partial<MediaFacts>]>([
    ['AAC', {}, { audioCodec: 'aac', audioProfile: 'lc', audioChannels: 2 }],
    ['AAC of high efficiency', { sound: { codec: 'aac', profile: 'he' } }, { audioCodec: 'aac', audioProfile: 'he' }],
    ['six channels', { sound: { codec: 'aac', channels: 6 } }, { audioChannels: 6 }],
    ['MP3 in an entry that says AAC', { sound: { codec: 'mp3' } }, { audioCodec: 'mp3', audioProfile: null }],
    ['AC-3', { sound: { codec: 'ac3' } }, { audioCodec: 'ac3', audioChannels: null }],
    ['no sound', { sound: null }, { audioCodec: null, audioChannels: null }],
    ['QuickTime’s second entry', { container: 'mov', sound: { codec: 'aac', version: 1 } }, { audioProfile: 'lc' }],
    [
      'QuickTime’s third entry',
      { container: 'mov', sound: { codec: 'aac', version: 2, channels: 1 } },
      { audioProfile: 'lc', audioChannels: 1 },
    ],
    ['samples as they are', { container: 'mov', sound: { codec: 'pcm' } }, { audioCodec: 'pcm', rewrappable: false }],
    ['4:2:0', {}, { chroma: '4:2:0', pixelAspect: null }],
    ['4:2:2', { chroma: '4:2:2' }, { chroma: '4:2:2' }],
    ['4:4:4 in HEVC', { codec: 'hevc', chroma: '4:4:4' }, { codec: 'hevc', chroma: '4:4:4' }],
    ['ProRes', { container: 'mov', codec: 'prores' }, { codec: 'prores', chroma: '4:2:2', rewrappable: false }],
    [
      'pixels that are not square',
      { width: 720, height: 576, pixelAspect: [16, 15] },
      { width: 768, height: 576, pixelAspect: 16 / 15 },
    ],
  ])('%s', (_, options, facts) => {
    const isQuickTime = options.container === 'mov';
    expect(factsOf(film(options), isQuickTime ? 'video/quicktime' : 'video/mp4')).toMatchObject(facts);
  });

  test.each(['mp2', 'mp3', 'ac3', 'dts', 'pcm'] as const)(
    '%s in a program stream, where bytes look like others',
    (sound) => {
      expect(factsOf(mpeg({ sound }), 'video/mpeg')).toMatchObject({
        audioCodec: sound,
        codec: 'mpeg2',
        durationMs: 3_000,
      });
    },
  );

  test('H.264 in WebM, as browsers record it, has the name it has everywhere', () => {
    expect(factsOf(webm({ videoCodec: 'V_MPEG4/ISO/AVC' }), 'video/webm')).toMatchObject({ codec: 'h264' });
  });
});

describe('what is encrypted is refused, with the remedy', () => {
  test.each<[string, () => Buffer, VideoMimeType]>([
    ['a picture and a sound track', () => film({ isEncrypted: true }), 'video/mp4'],
    ['a sound track alone', () => film({ isEncrypted: 'sound' }), 'video/mp4'],
    ['an entry of the old store', () => movie({ codec: 'drmi' }), 'video/quicktime'],
    [
      'a protected entry under its old name',
      () => Buffer.from(film({ isEncrypted: true }).toString('latin1').replace('encv', 'avc1'), 'latin1'),
      'video/mp4',
    ],
    ['WebM', () => webm({ isEncrypted: true }), 'video/webm'],
    ['a DVD', () => mpeg({ isScrambled: true }), 'video/mpeg'],
  ])('%s', (_, make, mimeType) => {
    expect(() => factsOf(make(), mimeType)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(/encrypted.*without protection/) }),
    );
  });
});
