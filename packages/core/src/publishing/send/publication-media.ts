import { planRendition } from '@vibetribe/media-rules/plan-rendition';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaReader, PublishMedia } from '@vibetribe/media/serve/media-reader';
import { MediaHelperError } from '@vibetribe/media/media-helper-error';
import { MediaRefusedError } from '@vibetribe/media/media-refused-error';
import { MediaStoreError } from '@vibetribe/media/store/media-store';
import type { MediaUrls } from '@vibetribe/media/serve/media-urls';
import type { MediaItem } from '@vibetribe/platforms/port/content';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { type PostMediaItem, readPostMedia } from '../../media/read-post-media.ts';
import { altFor } from '../../media/media-alts.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import { OwnTroubleError } from './own-trouble-error.ts';

/** Where a publisher gets files and their public addresses from. */
export interface PublishingMedia {
  readonly reader: Pick<MediaReader, 'prepare'>;
  /** Null: there is no secret to sign addresses with. Platforms that fetch media themselves take none then, and a post that a person is asked to publish has no links to its files. */
  readonly urls: Pick<MediaUrls, 'urlOf' | 'sign'> | null;
}

export interface PreparedMedia {
  readonly items: readonly MediaItem[];
  /** What was done to originals so that the platform takes them, in words. */
  readonly done: readonly string[];
}

type MediaDependencies = Pick<CoreDependencies, 'db'>;
type MediaWork = Pick<PublicationWork, 'organizationId' | 'mediaIds'> & Partial<Pick<PublicationWork, 'mediaAlts'>>;

/**
 * The publication's media as its platform takes them.
 * @throws PlatformError `content` where one is gone or cannot be changed so; OwnTroubleError where the store does not answer
 */
export async function prepareMedia(
  deps: MediaDependencies,
  { reader, urls }: PublishingMedia,
  work: MediaWork,
  rules: MediaRules,
): Promise<PreparedMedia> {
  if (work.mediaIds.length === 0) return { items: [], done: [] };
  const alts = work.mediaAlts ?? {};
  const originals = (await readOriginals(deps, work)).map((file) => ({
    ...file,
    alt: altFor(alts, file.id, file.alt),
  }));
  if (originals.length < work.mediaIds.length) throw gone();
  const items: MediaItem[] = [];
  const done: string[] = [];
  for (const [index, original] of originals.entries()) {
    const prepared = await reader.prepare(original, rules).catch((error: unknown) => {
      throw mediaError(error);
    });
    items.push(itemOf(original, prepared, urls?.sign(prepared.ticket).url ?? null));
    if (prepared.done.length > 0) {
      const isStripped = planRendition(rules, original.facts).kind === 'strip';
      const what = isStripped ? '' : 'changed for the platform: ';
      done.push(`Media ${index + 1} of ${originals.length} was ${what}${prepared.done.join(', ')}.`);
    }
  }
  return { items, done };
}

/** Addresses under which a person finds the originals. Media deleted since are missing. */
export async function readMediaUrls(
  deps: MediaDependencies,
  { urls }: PublishingMedia,
  work: MediaWork,
): Promise<string[]> {
  if (urls === null || work.mediaIds.length === 0) return [];
  const originals = await readOriginals(deps, work);
  return originals.map(({ object }) => urls.urlOf(object).url);
}

function readOriginals({ db }: MediaDependencies, work: MediaWork): Promise<PostMediaItem[]> {
  return db.asWorker((tx) => readPostMedia(tx, work.organizationId, work.mediaIds));
}

function itemOf({ id }: PostMediaItem, prepared: PublishMedia, url: string | null): MediaItem {
  const { kind, mimeType, bytes, sha256, width, height, durationMs, alt } = prepared;
  const facts = { id, kind, mimeType, bytes, sha256, width, height, durationMs, alt };
  return { ...facts, url, read: (range) => prepared.open(range) };
}

function mediaError(error: unknown): unknown {
  if (error instanceof MediaRefusedError) {
    const message = `A picture or video cannot be made fit for the platform: ${error.message}`;
    return new PlatformError('content', message, { platformCode: `media_${error.code}`, cause: error });
  }
  if (error instanceof MediaHelperError)
    return new OwnTroubleError('The helper that changes pictures and videos failed.', { cause: error });
  if (!(error instanceof MediaStoreError)) return error;
  if (error.kind === 'gone') return gone(error);
  return new OwnTroubleError('The media store does not answer.', { cause: error });
}

function gone(cause?: MediaStoreError): PlatformError {
  const message = 'A picture or video of this post is no longer there: upload the same file again, then retry';
  return new PlatformError('content', message, { platformCode: 'media_gone', cause });
}
