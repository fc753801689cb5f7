import { createReadStream } from 'node:fs';
import { mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaFacts, MediaKind, MediaMimeType } from '@vibetribe/media-rules/media-facts';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import { planRendition } from '@vibetribe/media-rules/plan-rendition';
import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import type { MediaStore, StoredObject } from '../store/media-store.ts';
import { extensionOf, mediaTypes } from '../media-type.ts';
import { type DiskSpace, renditionReserveShare } from '../store/disk-space.ts';
import { trimFiles } from '../store/trim-files.ts';
import { recipeOf, type Renditions } from '../store/renditions.ts';
import { type FileTicket } from './signed-url.ts';
import { isSystemError } from '../system-error.ts';

/** A media as an adapter gets it: what goes to the platform, ready to be sent, its length known. */
export interface PublishMedia {
  readonly kind: MediaKind;
  readonly mimeType: MediaMimeType;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly durationMs: number | null;
  readonly alt: string | null;
  /** Hex, of what is sent. */
  readonly sha256: string;
  /** What was done to the original, in words for the timeline; empty where it goes out as it is. */
  readonly done: readonly string[];
  /** What a signed address of it has to name, for platforms that fetch by themselves. */
  readonly ticket: FileTicket;
  /** Anew every time it is called: all of it, or from `start` up to but not including `end`. */
  open(range?: ByteRange): AsyncIterable<Buffer>;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OriginalMedia {
  readonly organizationId: string;
  readonly object: StoredObject;
  readonly sha256: string;
  readonly facts: MediaFacts;
  readonly alt: string | null;
}

export interface MediaReader {
  /**
   * The original, or what has to be made of it under a platform's rules.
   * @throws MediaStoreError where the original is gone or cannot be reached; MediaRefusedError where it cannot be changed so
   */
  prepare(original: OriginalMedia, rules: MediaRules): Promise<PublishMedia>;
  /** A path to read the original from. @throws MediaStoreError */
  pathOf(original: Pick<OriginalMedia, 'organizationId' | 'object' | 'sha256'>): Promise<string>;
}

export interface MediaReaderOptions {
  readonly store: MediaStore;
  readonly renditions: Renditions;
  /** For copies of what is stored elsewhere; any of them may be deleted at any time. */
  readonly copiesDirectory: string;
  readonly disk: DiskSpace;
  /** How much an organization's copies may take now; those not used for longest go first. */
  readonly bytesMax: (organizationId: string) => Promise<number>;
  readonly now: () => Date;
}

const copiesPerOrganizationMax = 2_000;

export function createMediaReader(options: MediaReaderOptions): MediaReader {
  const { store, renditions, copiesDirectory, disk, bytesMax, now } = options;
  const flights = createSingleFlight<string, string>();

  async function pathOf({
    organizationId,
    object,
    sha256,
  }: Pick<OriginalMedia, 'organizationId' | 'object' | 'sha256'>): Promise<string> {
    const directory = join(copiesDirectory, organizationId);
    const copy = join(directory, `${sha256}.${extensionOf(object.mimeType)}`);
    if (await touch(copy, now())) return copy;
    return flights.run(copy, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await disk.require(mediaTypes[object.mimeType].bytesMax, renditionReserveShare);
      const path = await store.fetch(object, copy);
      const limits = { bytesMax: await bytesMax(organizationId), filesMax: copiesPerOrganizationMax };
      await trimFiles(directory, { ...limits, keep: copy });
      return path;
    });
  }

  return {
    pathOf,
    async prepare(original, rules) {
      const { facts, alt, sha256, organizationId, object } = original;
      const recipe = recipeOf(planRendition(rules, facts));
      const common = { kind: facts.kind, durationMs: facts.durationMs, alt };
      if (recipe === null) {
        await pathOf(original);
        const { mimeType, bytes, width, height } = facts;
        const ticket = { place: 'o', key: object.key, mimeType } as const;
        return {
          ...common,
          mimeType,
          bytes,
          width,
          height,
          sha256,
          done: [],
          ticket,
          open: (range) => readFrom(() => pathOf(original), range),
        };
      }
      const make = () => renditions.make({ ...facts, organizationId, sha256, path: () => pathOf(original) }, recipe);
      const { path: _, key, ...rendition } = await make();
      return {
        ...common,
        ...rendition,
        ticket: { place: 'r', key, mimeType: rendition.mimeType },
        open: (range) => readFrom(async () => (await make()).path, range),
      };
    },
  };
}

/** What was prepared may have been removed since, to make room: it is made again. */
async function* readFrom(locate: () => Promise<string>, range: ByteRange | undefined): AsyncGenerator<Buffer> {
  if (range !== undefined && range.end <= range.start) return;
  yield* createReadStream(await locate(), range === undefined ? {} : { start: range.start, end: range.end - 1 });
}

async function touch(path: string, at: Date): Promise<boolean> {
  try {
    if ((await stat(path)).size === 0) return false;
    await utimes(path, at, at);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
