import type { Media, UploadFromUrl } from '@vibetribe/contracts/media';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { requireAddress } from '../webhooks/webhook-address.ts';
import type { Transfer } from './begin-transfer.ts';
import type { MediaFetcher } from './media-fetcher.ts';
import { mediaFault } from './media-fault.ts';
import { type UploadDependencies, uploadMedia } from './upload-media.ts';

type UploadFromUrlDependencies = UploadDependencies & {
  readonly mediaFetcher: Pick<MediaFetcher, 'fetch'>;
  readonly isAllowedHost: (host: string, port: number) => Promise<boolean>;
};

/**
 * Fetches a file and keeps it as if it had been uploaded.
 * @param beforeCommit as in `uploadMedia`
 * @throws DomainError as `uploadMedia`, with the path `url`; `validation_failed` where nothing is to be had there
 */
export async function uploadFromUrl(
  deps: UploadFromUrlDependencies,
  actor: Actor,
  { url, alt = null, transfer }: UploadFromUrl & { readonly transfer: Transfer },
  beforeCommit?: (tx: Transaction, stored: Media) => Promise<void>,
): Promise<Media> {
  requireRight(actor, 'media:write');
  await requireAddress(deps, url, 'url');
  try {
    const { organizationId } = actor;
    await using file = await deps.mediaFetcher.fetch({ url, organizationId, room: transfer });
    return await uploadMedia(deps, actor, { file, alt: alt === '' ? null : alt, transfer }, beforeCommit);
  } catch (error) {
    throw atUrl(mediaFault(error));
  }
}

/** A file from elsewhere is not in the request: its address is. */
function atUrl(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const { code, message, retryAfterSeconds } = error;
  const errors = error.errors.map((fault) => (fault.path === 'file' ? { ...fault, path: 'url' } : fault));
  return new DomainError(code, message, {
    errors,
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
    cause: error,
  });
}
