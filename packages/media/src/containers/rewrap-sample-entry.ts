import { type Box, boxesIn, child } from './isobmff-boxes.ts';
import { readDescriptor } from './isobmff-descriptor.ts';
import { entriesOf, insideSound, insideVideo, soundChannels } from './isobmff-sample-entry.ts';
import { makeBox, makeUint32 } from './make-boxes.ts';

/** What says how pictures are to be decoded, of the codecs that go from one container to the other as they are. */
const pictureConfigs: Readonly<Record<string, string>> = {
  avc1: 'avcC',
  avc3: 'avcC',
  hvc1: 'hvcC',
  hev1: 'hvcC',
  dvh1: 'hvcC',
  dvhe: 'hvcC',
};

/** What may stand beside it, and is the same in both. */
const pictureBoxes: ReadonlySet<string> = new Set([
  'avcC',
  'hvcC',
  'lhvC',
  'dvcC',
  'dvvC',
  'pasp',
  'clap',
  'btrt',
  'mdcv',
  'clli',
]);

/** A track's `stsd` as MP4 has it (ISO/IEC 14496-12, 8.5.2); null where something in it has no place there. */
export function rewrapEntries(moov: Buffer, samples: Box, kind: 'video' | 'audio'): Buffer | null {
  const head = child(moov, samples, 'stsd');
  const entries = entriesOf(moov, samples).map((entry) =>
    kind === 'video' ? pictureEntry(moov, entry) : soundEntry(moov, entry),
  );
  const whole = entries.filter((entry) => entry !== null);
  if (head === null || whole.length === 0 || whole.length < entries.length) return null;
  return makeBox('stsd', makeUint32(0, whole.length), ...whole);
}

/** Makers, qualities and names of encoders stand in fields that MP4 keeps empty. */
function pictureEntry(moov: Buffer, entry: Box): Buffer | null {
  const config = pictureConfigs[entry.type];
  const inside = insideVideo(moov, entry);
  if (config === undefined || !inside.some(({ type }) => type === config)) return null;
  const fields = Buffer.alloc(78);
  moov.copy(fields, 6, entry.body + 6, entry.body + 8);
  moov.copy(fields, 24, entry.body + 24, entry.body + 36);
  fields.writeUInt16BE(1, 40);
  fields.writeUInt16BE(24, 74);
  fields.writeInt16BE(-1, 76);
  const kept = inside.flatMap((box) => {
    if (box.type === 'colr') return colour(moov, box);
    return pictureBoxes.has(box.type) ? [moov.subarray(box.start, box.end)] : [];
  });
  return makeBox(entry.type, fields, ...kept);
}

/** QuickTime's `nclc` lacks the last byte of MP4's `nclx`, which says whether all values are used. */
function colour(moov: Buffer, { start, body, end }: Box): Buffer[] {
  const isOld = moov.toString('latin1', body, body + 4) === 'nclc' && end - body >= 10;
  if (!isOld) return [moov.subarray(start, end)];
  return [makeBox('colr', Buffer.from('nclx', 'latin1'), moov.subarray(body + 4, body + 10), Buffer.of(0))];
}

/** QuickTime's later versions of the entry become MP4's only one. */
function soundEntry(moov: Buffer, entry: Box): Buffer | null {
  const told = insideSound(moov, entry).find(({ type }) => type === 'esds');
  if (entry.type !== 'mp4a' || told === undefined || readDescriptor(moov, told) === null) return null;
  const rate = sampleRate(moov, entry);
  const fields = Buffer.alloc(28);
  moov.copy(fields, 6, entry.body + 6, entry.body + 8);
  fields.writeUInt16BE(Math.min(soundChannels(moov, entry) ?? 2, 0xffff), 16);
  fields.writeUInt16BE(16, 18);
  // Faster ones do not fit; the decoder's own configuration tells them.
  fields.writeUInt16BE(rate <= 0xffff ? rate : 0, 24);
  return makeBox('mp4a', fields, moov.subarray(told.start, told.end));
}

function sampleRate(moov: Buffer, { body, end }: Box): number {
  if (moov.readUInt16BE(body + 8) !== 2 || body + 40 > end) return moov.readUInt16BE(body + 24);
  const rate = moov.readDoubleBE(body + 32);
  return rate > 0 && rate < 1_000_000 ? Math.round(rate) : 0;
}

/** All boxes of a kind that are the same in both, as they stand. */
export function copyBoxes(moov: Buffer, parent: Box, types: ReadonlySet<string>): Buffer[] {
  return boxesIn(moov, parent.body, parent.end)
    .filter(({ type }) => types.has(type))
    .map(({ start, end }) => moov.subarray(start, end));
}
