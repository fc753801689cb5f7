import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import type { ImageTarget, RenditionPlan } from '@vibetribe/media-rules/plan-rendition';
import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import { z } from 'zod';
import type { Inspector } from '../inspect/inspector.ts';
import { isSystemError } from '../system-error.ts';
import { type DiskSpace, renditionReserveShare } from './disk-space.ts';
import { trimFiles } from './trim-files.ts';

export const Rendition = z.object({
  key: z.string(),
  mimeType: MediaMimeType,
  bytes: z.int(),
  sha256: z.string(),
  width: z.int(),
  height: z.int(),
  /** What was done to the original, in words for a person. */
  done: z.array(z.string()),
});
export type Rendition = z.infer<typeof Rendition>;

export interface Original {
  readonly organizationId: string;
  readonly sha256: string;
  readonly mimeType: MediaMimeType;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** Where it can be read; asked for only if the rendition is not there yet. */
  readonly path: () => Promise<string>;
}

export type Recipe =
  | Exclude<RenditionPlan, { readonly kind: 'original' | 'render' }>
  | ({ readonly kind: 'render'; readonly quality?: number | null } & ImageTarget);

/** Changed copies of originals, kept in a directory. Any of them may be deleted at any time: it is made again. */
export interface Renditions {
  /** @throws MediaRefusedError where the original cannot be changed so */
  make(original: Original, recipe: Recipe): Promise<Rendition & { readonly path: string }>;
  pathOf(key: string): string;
}

/** Of one organization; together with the bytes they may take, what keeps somebody from filling the disk with sizes of a picture. */
const filesPerOrganizationMax = 2_000;

export interface RenditionsOptions {
  readonly directory: string;
  readonly inspector: Inspector;
  readonly disk: DiskSpace;
  /** How much an organization's renditions may take now; those not used for longest go first. */
  readonly bytesMax: (organizationId: string) => Promise<number>;
  /** Marks a rendition as used, so that old ones can be found. */
  readonly now: () => Date;
}

export function createRenditions({ directory, inspector, disk, bytesMax, now }: RenditionsOptions): Renditions {
  const flights = createSingleFlight<string, Rendition>();
  const pathOf = (key: string) => join(directory, checkedKey(key));

  async function make(original: Original, recipe: Recipe): Promise<Rendition & { path: string }> {
    const key = keyOf(original, recipe);
    const path = pathOf(key);
    const rendition = (await known(path)) ?? (await flights.run(key, () => render(original, recipe, key, path)));
    await utimes(path, now(), now());
    return { ...rendition, path };
  }

  async function render(original: Original, recipe: Recipe, key: string, path: string): Promise<Rendition> {
    const { organizationId } = original;
    await disk.require(bytesMaxOf(recipe, original), renditionReserveShare);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const outputPath = `${path}.${randomUUID()}.part`;
    try {
      const result = await change(inspector, original, recipe, outputPath);
      const rendition = { key, sha256: await digestOf(outputPath), ...result };
      await rename(outputPath, path);
      await writeFile(`${outputPath}.json`, JSON.stringify(rendition), { mode: 0o600 });
      await rename(`${outputPath}.json`, `${path}.json`);
      const limits = { bytesMax: await bytesMax(organizationId), filesMax: filesPerOrganizationMax };
      await trimFiles(join(directory, organizationId), { ...limits, keep: path });
      return rendition;
    } finally {
      await rm(outputPath, { force: true });
      await rm(`${outputPath}.json`, { force: true });
    }
  }

  return { make, pathOf };
}

async function change(
  inspector: Inspector,
  original: Original,
  recipe: Recipe,
  outputPath: string,
): Promise<Omit<Rendition, 'key' | 'sha256'>> {
  const inputPath = await original.path();
  const { organizationId, mimeType, width, height } = original;
  if (recipe.kind === 'strip') {
    await inspector.inspect({ kind: 'strip', inputPath, outputPath, mimeType }, organizationId);
    const { size } = await stat(outputPath);
    return { mimeType, bytes: size, width, height, done: ['stripped of place and camera'] };
  }
  if (recipe.kind === 'rewrap') {
    await inspector.inspect({ kind: 'rewrap', inputPath, outputPath }, organizationId);
    const { size } = await stat(outputPath);
    const done = ['put into an MP4 file, picture and sound as they were'];
    return { mimeType: 'video/mp4', bytes: size, width, height, done };
  }
  const rendered = await inspector.inspect({ ...orderOf(recipe), inputPath, outputPath }, organizationId);
  return { ...rendered, done: [...rendered.done] };
}

function orderOf(recipe: Exclude<Recipe, { readonly kind: 'strip' | 'rewrap' }>) {
  return recipe.kind === 'animate' ? recipe : { ...recipe, quality: recipe.quality ?? null };
}

/** Most bytes that come of it. */
function bytesMaxOf(recipe: Recipe, original: Original): number {
  switch (recipe.kind) {
    case 'strip':
    case 'rewrap':
      return original.bytes;
    case 'render':
      return recipe.bytesMax;
    case 'animate':
      return recipe.gif.bytesMax;
  }
}

/** The record is written last: where it is, the file is whole. */
async function known(path: string): Promise<Rendition | null> {
  try {
    const record = await readFile(`${path}.json`, 'utf8');
    const rendition = Rendition.parse(JSON.parse(record));
    return (await stat(path)).size === rendition.bytes ? rendition : null;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Its type is known only once it is made, and stands in its record. */
function keyOf({ organizationId, sha256 }: Original, recipe: Recipe): string {
  const fields = Object.entries(recipe).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const id = createHash('sha256')
    .update(JSON.stringify([recipeVersion, sha256, fields]))
    .digest('hex');
  return `${organizationId}/${id.slice(0, 2)}/${id}.made`;
}

/** Raised when the same recipe gives another result. */
const recipeVersion = 4;

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function checkedKey(key: string): string {
  if (/^[A-Za-z0-9_-]+\/[0-9a-f]{2}\/[0-9a-f]{64}\.[a-z0-9]{2,4}$/.test(key)) return key;
  throw new RangeError('there is no such rendition key');
}

/** What a plan asks to be made; null where the original goes out as it is. */
export function recipeOf(plan: RenditionPlan): Recipe | null {
  return plan.kind === 'original' ? null : plan;
}
