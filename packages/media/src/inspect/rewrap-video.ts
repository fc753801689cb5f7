import { type FileHandle, open } from 'node:fs/promises';
import { blank } from '../containers/blank-range.ts';
import { openByteSource } from '../containers/byte-source.ts';
import { type Box } from '../containers/isobmff-boxes.ts';
import { makeBox } from '../containers/make-boxes.ts';
import { dataHeadBytes, type RewrapPlan } from '../containers/plan-rewrap.ts';
import { readRewrapPlan } from '../containers/read-isobmff.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

const pieceBytes = 256 * 1024;

/**
 * Makes an MP4 with its index first of a QuickTime or MP4 file: picture and sound stay bit for bit, and nothing of its maker comes
 * along. Takes as much memory as the index has bytes, some times over, and reads the data once.
 * @throws MediaRefusedError where it holds what MP4 may not
 */
export async function rewrapVideo(inputPath: string, outputPath: string): Promise<void> {
  const plan = planOf(inputPath);
  await using input = await open(inputPath, 'r');
  await using output = await open(outputPath, 'wx', 0o600);
  await output.writeFile(plan.head);
  let at = plan.head.length;
  for (const data of plan.data) at = await copyData(input, output, data, at);
  for (const range of plan.blanks) await blank(output, range);
}

function planOf(path: string): RewrapPlan {
  using source = openByteSource(path);
  const plan = readRewrapPlan(source);
  if (plan === null) throw new MediaRefusedError('unsupported', 'What the video holds has no place in an MP4 file.');
  return plan;
}

/** @returns where what follows begins */
async function copyData(input: FileHandle, output: FileHandle, { body, end }: Box, start: number): Promise<number> {
  const head = makeBox('mdat');
  head.writeUInt32BE(dataHeadBytes + end - body, 0);
  await output.write(head, 0, head.length, start);
  const piece = Buffer.alloc(Math.min(pieceBytes, end - body));
  for (let at = body; at < end;) {
    const { bytesRead } = await input.read(piece, 0, Math.min(piece.length, end - at), at);
    if (bytesRead === 0) throw new MediaRefusedError('malformed', 'The video is cut off.');
    await output.write(piece, 0, bytesRead, start + dataHeadBytes + at - body);
    at += bytesRead;
  }
  return start + dataHeadBytes + end - body;
}
