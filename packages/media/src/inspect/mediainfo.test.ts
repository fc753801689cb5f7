import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mediaInfoFactory, { type MediaInfo, type Track } from 'mediainfo.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { film, type FilmOptions } from '../fixtures/test-films.ts';
import { mpeg, webm } from '../fixtures/test-movies.ts';
import { probeVideo, type VideoMimeType } from './probe-video.ts';
import { rewrapVideo } from './rewrap-video.ts';

const directory = mkdtempSync(join(tmpdir(), 'vt-mediainfo-'));
let other: MediaInfo<'object'>;
beforeAll(async () => {
  other = await mediaInfoFactory({ format: 'object' });
});
afterAll(() => {
  other.close();
  rmSync(directory, { recursive: true });
});

const quickTime = { container: 'mov', indexFirst: false } as const;
const films: readonly [string, FilmOptions][] = [
  ['MP4', {}],
  ['24 frames a second', { framesPerSecond: 24 }],
  ['60 frames a second, upright', { framesPerSecond: 60, width: 720, height: 1280 }],
  ['a size that is no multiple of 16', { width: 854, height: 482 }],
  ['HEVC', { codec: 'hevc' }],
  ['4:2:2', { chroma: '4:2:2' }],
  ['4:4:4', { chroma: '4:4:4' }],
  ['silent', { sound: null }],
  ['AAC of high efficiency', { sound: { codec: 'aac', profile: 'he' } }],
  ['six channels', { sound: { codec: 'aac', channels: 6 } }],
  ['MP3 in MP4', { sound: { codec: 'mp3' } }],
  ['AC-3 in MP4', { sound: { codec: 'ac3' } }],
  ['cut', { seconds: 20, edits: [{ seconds: 7, from: 3 }] }],
  [
    'with a pause before it',
    {
      edits: [
        { seconds: 1, from: null },
        { seconds: 5, from: 0 },
      ],
    },
  ],
  ['in fragments', { fragments: 5 }],
  ['in fragments from the middle', { fragments: 3, fragmentsFrom: 1_000 }],
  ['QuickTime', { ...quickTime, sound: { codec: 'aac', version: 1 } }],
  ['QuickTime of HEVC', { ...quickTime, codec: 'hevc', sound: { codec: 'aac', version: 2 } }],
  ['QuickTime of samples as they are', { ...quickTime, sound: { codec: 'pcm' } }],
  ['ProRes', { ...quickTime, codec: 'prores' }],
  ['QuickTime with dates and places', { ...quickTime, recordedAt: 3_800_000_000, told: 'Kreuzberg' }],
];

function typeOf({ container }: FilmOptions): VideoMimeType {
  return container === 'mov' ? 'video/quicktime' : 'video/mp4';
}

const files: readonly [string, VideoMimeType, Buffer][] = [
  ...films.map(([what, options]): [string, VideoMimeType, Buffer] => [what, typeOf(options), film(options)]),
  ['WebM', 'video/webm', webm()],
  ['MPEG', 'video/mpeg', mpeg()],
];

/** Their names of formats, and ours. */
const names: Readonly<Record<string, string>> = {
  AVC: 'h264',
  HEVC: 'hevc',
  ProRes: 'prores',
  VP9: 'vp9',
  'MPEG Video': 'mpeg2',
  AAC: 'aac',
  'MPEG Audio': 'mp3',
  'AC-3': 'ac3',
  PCM: 'pcm',
  Opus: 'opus',
};

async function tracksOf(file: Buffer): Promise<Track[]> {
  const { media } = await other.analyzeData(
    () => file.length,
    (bytes, offset) => file.subarray(offset, offset + bytes),
  );
  return [...(media?.track ?? [])];
}

function ours(file: Buffer, mimeType: VideoMimeType) {
  const path = join(directory, 'file');
  writeFileSync(path, file);
  return probeVideo(path, mimeType);
}

test.each(files)('mediainfo.js reads the same out of a film: %s', async (_, mimeType, file) => {
  const facts = ours(file, mimeType);
  const tracks = await tracksOf(file);
  const general = tracks.find((track) => track['@type'] === 'General');
  const video = tracks.find((track) => track['@type'] === 'Video');
  const audio = tracks.find((track) => track['@type'] === 'Audio');
  if (general?.['@type'] !== 'General' || video?.['@type'] !== 'Video') throw new Error('there is no film in it');
  expect({ codec: facts.codec, height: facts.height }).toEqual({
    codec: names[video.Format ?? ''],
    height: video.Height,
  });
  // Of MPEG it leaves out the last pictures' own time.
  const digits = mimeType === 'video/mpeg' ? 0 : 1;
  expect((facts.durationMs ?? 0) / 1000).toBeCloseTo(general.Duration ?? video.Duration ?? 0, digits);
  if (video.FrameRate !== undefined) expect(facts.framesPerSecond).toBeCloseTo(video.FrameRate, 1);
  if (video.ChromaSubsampling !== undefined && mimeType !== 'video/mpeg')
    expect(facts.chroma ?? video.ChromaSubsampling).toBe(video.ChromaSubsampling);
  if (facts.indexFirst !== null) expect(facts.indexFirst ? 'Yes' : 'No').toBe(general.IsStreamable);
  if (audio?.['@type'] !== 'Audio') expect(facts.audioCodec).toBe(null);
  else {
    expect(facts.audioCodec).toBe(names[audio.Format ?? '']);
    if (facts.audioChannels !== null && audio.Channels !== undefined) expect(facts.audioChannels).toBe(audio.Channels);
    if (facts.audioProfile === 'he') expect(audio.Format_AdditionalFeatures).toContain('SBR');
  }
});

test.each(films.filter(([, options]) => ours(film(options), typeOf(options)).rewrappable === true))(
  'mediainfo.js takes what was put into an MP4 file for one: %s',
  async (_, options) => {
    ours(film(options), typeOf(options));
    const [input, output] = [join(directory, 'file'), join(directory, 'rewrapped')];
    await rewrapVideo(input, output);
    const file = readFileSync(output);
    rmSync(output);
    const [general, ...tracks] = await tracksOf(file);
    if (general?.['@type'] !== 'General') throw new Error('nothing was found');
    expect(general).toMatchObject({ Format: 'MPEG-4', Format_Profile: 'Base Media', IsStreamable: 'Yes' });
    expect(JSON.stringify([general, tracks])).not.toMatch(/Encoded_Date|Kreuzberg/);
    const was = (await tracksOf(film(options))).filter((track) => /^(Video|Audio)$/.test(track['@type']));
    const told = (list: readonly Track[]) =>
      list.map((track) => 'Duration' in track && [track['@type'], track.Duration, 'Format' in track && track.Format]);
    expect(told(tracks)).toEqual(told(was));
  },
);
