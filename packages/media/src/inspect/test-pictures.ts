import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageTarget } from '@vibetribe/media-rules/plan-rendition';
import sharp from 'sharp';
import { afterAll, beforeAll, expect } from 'vitest';
import { sniffType } from '../upload/sniff-type.ts';
import { createInspector, type Inspector } from './inspector.ts';

let directory: string;
export let inspector: Inspector;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-formats-'));
  inspector = createInspector();
});

afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

export async function write(file: Buffer): Promise<string> {
  count += 1;
  const path = join(directory, `in-${count}`);
  await writeFile(path, file);
  return path;
}

export async function probe(file: Buffer) {
  const { mimeType } = sniffType(file);
  if (mimeType === null) throw new Error('it is of no type that is taken');
  return inspector.inspect({ kind: 'probe', path: await write(file), mimeType }, 'org_1');
}

const any = { widthMax: null, heightMax: null, pixelsMax: null, bytesMax: 10_000_000 };

export async function render(file: Buffer, target: Partial<ImageTarget> = {}) {
  const inputPath = await write(file);
  const outputPath = `${inputPath}-out`;
  const order = { kind: 'render', inputPath, outputPath, quality: null, mimeTypes: ['image/jpeg'], ...any } as const;
  const rendered = await inspector.inspect({ ...order, ...target }, 'org_1');
  return { rendered, file: await readFile(outputPath) };
}

/** Of the four quarters of a picture, row by row: the mean of red, green and blue. */
export async function quarters(file: Buffer): Promise<number[][]> {
  const { width, height } = await sharp(file).metadata();
  const half = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  const places = [
    [0, 0],
    [half.width, 0],
    [0, half.height],
    [half.width, half.height],
  ] as const;
  return Promise.all(
    places.map(async ([left, top]) => {
      const part = await sharp(file)
        .extract({ left, top, ...half })
        .toBuffer();
      return (await sharp(part).stats()).channels.slice(0, 3).map(({ mean }) => Math.round(mean));
    }),
  );
}

export const is = (colour: readonly number[]) => colour.map((value) => expect.closeTo(value, -1.3));
