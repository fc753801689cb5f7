import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { FetchError } from './fetch-error.ts';

export interface Fetched {
  /** The address after redirects. */
  readonly url: string;
  readonly contentType: string;
  /** Ends the answer where its reader leaves early. */
  readonly body: Readable;
}

interface FetchWish {
  readonly types: RegExp;
  /** Pages and pictures by default. */
  readonly accept?: string;
  readonly signal: AbortSignal;
}

const pagesAndPictures = 'text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.1';
const redirectsMax = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for one address and for those it redirects to, each of them through the dispatcher's guard. No cookies, no credentials.
 * @throws FetchError where what comes is not wanted
 */
export async function fetchGuarded(
  dispatcher: Dispatcher,
  address: string,
  { types, accept = pagesAndPictures, signal }: FetchWish,
): Promise<Fetched> {
  let url = address;
  for (let hops = 0; hops <= redirectsMax; hops += 1) {
    const answer = await request(url, {
      dispatcher,
      method: 'GET',
      headers: {
        accept,
        'accept-encoding': 'identity',
        'user-agent': 'VibeTribe/1 (link preview and media)',
      },
      signal,
    });
    const { statusCode, headers, body } = answer;
    body.on('error', () => undefined);
    if (redirects.has(statusCode)) {
      body.destroy();
      url = redirectOf(url, headers['location']);
      continue;
    }
    const contentType = textOf(headers['content-type']).toLowerCase();
    const fault = faultOf(statusCode, contentType, textOf(headers['content-encoding']), types);
    if (fault === null) return { url, contentType, body };
    body.destroy();
    throw new FetchError(fault);
  }
  throw new FetchError('it redirects without end');
}

function redirectOf(from: string, location: string | string[] | undefined): string {
  const to = textOf(location);
  if (to === '' || !URL.canParse(to, from)) throw new FetchError('it redirects to no address');
  const { protocol, href } = new URL(to, from);
  if (protocol !== 'http:' && protocol !== 'https:') throw new FetchError('it redirects to no web address');
  return href;
}

function faultOf(status: number, contentType: string, encoding: string, types: RegExp): string | null {
  if (status !== 200) return `it answered ${status}`;
  if (!types.test(contentType)) return 'it is of another type';
  return encoding === '' || encoding === 'identity' ? null : 'it came in a coding that was not asked for';
}

function textOf(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}
