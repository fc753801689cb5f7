import { createHash } from 'node:crypto';
import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import { googleRefusal } from '../google/errors.ts';
import { stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube, youTubeKinds, youTubeName } from './api.ts';
import { findUpload } from './find-upload.ts';
import { snippetOf, statusOf } from './metadata.ts';

/** Part of the name of the steps whose result may name the video. */
const bytesPart = 'bytes from';
const UploadedVideo = z.object({ video: z.string(), at: z.string(), marker: z.string() });
export type UploadedVideo = z.infer<typeof UploadedVideo>;

/** A multiple of 256 KiB, as all pieces but the last have to be. */
const pieceBytes = 8 * 1024 * 1024;
/** Said to live a week; one that is gone before is begun anew. */
const sessionLifeMs = 6 * 24 * 3_600_000;
const generationsMax = 20;

interface Session {
  readonly url: string;
  readonly marker: string;
}

/**
 * The video, uploaded so that nobody sees it. The session's address is on disk before the first byte goes, and after a crash the session
 * is asked what it has. https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol, read 2026-11.
 */
export async function uploadVideo(run: PublishRun, item: MediaItem, index: number): Promise<UploadedVideo> {
  for (let generation = 0; generation < generationsMax; generation += 1) {
    const name = (part: string) => stepName({ index, item, generation, part });
    let isFresh = false;
    const session = await run.step({
      name: name('session'),
      effect: 'idempotent',
      key: ({ partId }) => markerOf(partId, item),
      run: async ({ key, http }) => {
        const url = await begin(run, http, item, key);
        isFresh = true;
        return { url, marker: key, expiresAt: new Date(run.now.getTime() + sessionLifeMs).toISOString() };
      },
    });
    const uploaded = await sendBytes(run, { item, session, name, isFresh });
    if (uploaded !== null) return uploaded;
  }
  throw new PlatformError('unavailable', 'Uploads end before all of the video has come', {
    platformCode: 'upload_gone',
  });
}

/** What the video is found by until it is shown: its only tag until then. */
function markerOf(partId: string, { sha256 }: MediaItem): string {
  return `upload-${createHash('sha256').update(`${partId} ${sha256}`).digest('hex').slice(0, 32)}`;
}

async function begin(run: PublishRun, http: PlatformHttp, item: MediaItem, marker: string): Promise<string> {
  const { snippet, status, notifySubscribers } = wanted(run);
  const { location } = await callYouTube({
    ...accessTo(run, http),
    method: 'POST',
    path: '/upload/youtube/v3/videos',
    query: { uploadType: 'resumable', part: 'snippet,status', notifySubscribers },
    headers: { 'x-upload-content-length': String(item.bytes), 'x-upload-content-type': item.mimeType },
    json: { snippet: { ...snippet, tags: [marker] }, status: { ...status, privacyStatus: 'private' } },
    effect: 'idempotent',
    answer: z.object({ location: z.string().max(4_000) }),
    read: ({ headers }) => headers,
  });
  if (isOwnAddress(apiOf(run.endpoints, youTubeName), location)) return location;
  const message = `${youTubeName} named an address for the file that is not its own`;
  throw new PlatformError('unavailable', message, { platformCode: 'upload_address' });
}

function wanted({ content }: PublishRun) {
  const status = statusOf(content);
  return {
    snippet: snippetOf(content),
    status,
    notifySubscribers: content.options['notifySubscribers'] === false ? 'false' : undefined,
  };
}

/** The account's token goes along: to the API's own host, or another one of Google's where that is Google's. */
function isOwnAddress(api: string, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const [own, given] = [new URL(api), new URL(url)];
  if (own.origin === given.origin) return true;
  const isGoogle = ({ protocol, hostname }: URL) => protocol === 'https:' && hostname.endsWith('.googleapis.com');
  return isGoogle(own) && isGoogle(given);
}

/** Null: the session is gone, and nothing came of it. */
async function sendBytes(
  run: PublishRun,
  {
    item,
    session,
    name,
    isFresh,
  }: { item: MediaItem; session: Session; name: (part: string) => string; isFresh: boolean },
): Promise<UploadedVideo | null> {
  // After a crash or a lost answer only the session knows what has come.
  let isKnown = isFresh;
  for (let at = 0; ;) {
    const from = at;
    const result = await run.step({
      name: name(`${bytesPart} ${from}`),
      effect: 'idempotent',
      run: async ({ http }) => {
        const state = isKnown ? { kept: from, video: null, isGone: false } : await ask(run, http, session, item);
        const next =
          state.video === null && !state.isGone
            ? await sendPiece(run, http, { session, item, from, kept: state.kept })
            : state;
        isKnown = true;
        const video = next.isGone ? await findUpload({ ...run, http }, session.marker) : next.video;
        const told = { marker: session.marker, at: run.now.toISOString() };
        return { kept: next.kept, video, isGone: next.isGone, ...told };
      },
    });
    const uploaded = UploadedVideo.safeParse(result).data;
    if (uploaded !== undefined) return uploaded;
    if (result.isGone) return null;
    at = result.kept;
  }
}

interface SessionState {
  /** How many bytes have come. */
  readonly kept: number;
  /** Once all of them have. */
  readonly video: string | null;
  readonly isGone: boolean;
}

/** Sends one piece and what YouTube lets fall of it, until it has more than before. */
async function sendPiece(
  run: PublishRun,
  http: PlatformHttp,
  { session, item, from, kept }: { session: Session; item: MediaItem; from: number; kept: number },
): Promise<SessionState> {
  if (kept > from && kept < item.bytes) return { kept, video: null, isGone: false };
  let start = Math.min(kept, item.bytes);
  for (let tries = 0; tries < triesMax; tries += 1) {
    const end = Math.min(start + pieceBytes, item.bytes);
    const stream = { byteLength: end - start, open: () => item.read({ start, end }) };
    const state = await put(run, http, session, {
      headers: { 'content-type': item.mimeType, 'content-range': `bytes ${start}-${end - 1}/${item.bytes}` },
      body: { stream },
    });
    if (state.video !== null || state.isGone || state.kept > from) return state;
    start = state.kept;
  }
  throw new PlatformError('unavailable', `${youTubeName} does not take the next piece of the video`, {
    platformCode: 'no_progress',
  });
}

const triesMax = 3;

function ask(run: PublishRun, http: PlatformHttp, session: Session, item: MediaItem): Promise<SessionState> {
  return put(run, http, session, { headers: { 'content-range': `bytes */${item.bytes}` } });
}

const Kept = z.union([
  z.object({ status: z.literal(308), range: z.string().optional() }).transform(({ range }) => ({
    kept: keptIn(range),
    video: null,
    isGone: false,
  })),
  z.object({ status: z.literal(200), json: z.object({ id: foreignId() }) }).transform(({ json }) => ({
    kept: 0,
    video: json.id,
    isGone: false,
  })),
]);

async function put(
  run: PublishRun,
  http: PlatformHttp,
  { url }: Session,
  { headers, body }: Pick<PlatformRequest, 'headers' | 'body'>,
): Promise<SessionState> {
  try {
    return await callPlatform({
      http,
      platformName: youTubeName,
      request: {
        method: 'PUT',
        url,
        headers: { ...headers, authorization: `Bearer ${run.accessToken}` },
        ...(body === undefined ? {} : { body }),
      },
      effect: 'idempotent',
      answer: Kept,
      read: (response) => told(response),
      answersToo: 308,
      refusalOf: googleRefusal('idempotent', youTubeKinds),
    });
  } catch (error) {
    const isGone = error instanceof PlatformError && error.kind === 'not_found';
    if (isGone) return { kept: 0, video: null, isGone };
    throw error;
  }
}

function told({ status, headers, json }: PlatformResponse) {
  return { status: status === 201 ? 200 : status, range: headers['range'], json };
}

/** No range: nothing has come. */
function keptIn(range: string | undefined): number {
  const last = /^bytes=0-(\d{1,15})$/u.exec(range ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** The video that was uploaded for this part, out of its steps. */
export function uploadedIn(results: Readonly<Record<string, unknown>>): UploadedVideo[] {
  return Object.entries(results).flatMap(([name, result]) =>
    name.includes(`: ${bytesPart} `) ? (UploadedVideo.safeParse(result).data ?? []) : [],
  );
}
