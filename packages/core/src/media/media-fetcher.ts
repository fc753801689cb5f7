import { MediaRefusedError } from '@vibetribe/media/media-refused-error';
import type { MediaLibrary } from '@vibetribe/media/media-library';
import { type ReceivedFile, receiveUpload, type UploadRoom } from '@vibetribe/media/upload/receive-upload';
import { createGuardedAgent, type GuardedAgentOptions } from '@vibetribe/security/guarded-agent';
import { whyUnread } from '../fetching/fetch-error.ts';
import { type Fetched, fetchGuarded } from '../fetching/fetch-guarded.ts';
import { createFetchPlaces } from '../fetching/fetch-places.ts';
import { DomainError } from '../domain-error.ts';

export interface MediaFetcher extends AsyncDisposable {
  /**
   * @throws DomainError `validation_failed` where the file cannot be had, `unavailable` where its turn does not come in time; what
   *   `receiveUpload` throws where it is not taken
   */
  fetch(wanted: WantedFile): Promise<ReceivedFile>;
}

interface WantedFile {
  readonly url: string;
  readonly organizationId: string;
  readonly room: UploadRoom;
}

interface MediaFetcherOptions extends Pick<GuardedAgentOptions, 'allow'> {
  readonly media: Pick<MediaLibrary, 'incomingDirectory' | 'digests'>;
  readonly withinMs: number;
}

/** How many files are fetched at a time: for all organizations together, and for one. */
const files = { totalMax: 64, perOrganizationMax: 4 };
/** How often whoever waits for a place looks whether the time is over. */
const placePatienceMs = 1_000;
const wish = { types: /^/u, accept: 'image/*,video/*,*/*;q=0.5' };

/** Fetches files from addresses that users name: through the address guard, as bounded as uploads are, and over in time. */
export function createMediaFetcher({ allow, media, withinMs }: MediaFetcherOptions): MediaFetcher {
  const timeouts = { connectTimeoutMs: 5_000, headersTimeout: 10_000, bodyTimeout: 10_000 };
  const dispatcher = createGuardedAgent({ allow, ...timeouts });
  const places = createFetchPlaces(files);

  async function fetchNow({ url, room }: WantedFile, signal: AbortSignal): Promise<ReceivedFile> {
    let source: Fetched['body'] | undefined;
    try {
      ({ body: source } = await fetchGuarded(dispatcher, url, { ...wish, signal }));
    } catch (error) {
      throw notHad(error, signal);
    }
    try {
      const directory = media.incomingDirectory;
      return await receiveUpload({ source, fileName: fileNameIn(url), room }, { directory, digests: media.digests });
    } catch (error) {
      throw error instanceof MediaRefusedError && error.code === 'aborted' ? notHad(error, signal) : error;
    } finally {
      source.destroy();
    }
  }

  return {
    async fetch(wanted) {
      const signal = AbortSignal.timeout(withinMs);
      const patience = { ms: placePatienceMs, isOver: () => signal.aborted };
      using place = await places.take(wanted, patience);
      if (place !== null && !signal.aborted) return await fetchNow(wanted, signal);
      throw new DomainError('unavailable', 'Too many files are being fetched. Try again.', { retryAfterSeconds: 5 });
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

function notHad(cause: unknown, signal: AbortSignal): DomainError {
  const message = `The file cannot be had: ${whyUnread(cause, signal)}.`;
  return new DomainError('validation_failed', message, { errors: [{ path: 'url', message }], cause });
}

function fileNameIn(url: string): string | null {
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  return name === '' ? null : name.slice(-255);
}
