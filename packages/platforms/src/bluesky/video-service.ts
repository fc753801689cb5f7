import { z } from 'zod';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import type { Refusal } from '../http/call-platform.ts';
import { cleanName } from '../answers/answer-fields.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import { callXrpc, serviceOf, type XrpcCall } from './api.ts';
import { BlobRef, unnamedUntil } from './blob-ref.ts';
import { blueskyRefusal } from './errors.ts';

const videoServiceName = "Bluesky's video service";
const pollAfterMs = 3_000;
/** The upload may take a while, and so may the service, which hands the video to the account's server with the same token. */
const tokenLifeMs = 30 * 60_000;
/** A job that failed by no fault of the video's is begun anew so often. */
const jobsMax = 3;

/** The lexicon app.bsky.video.defs. Documents show it both bare and as `jobStatus`; a video known from before comes with its blob in any state. */
const JobStatus = z.object({
  jobId: z.string().min(1),
  state: z.string(),
  blob: BlobRef.optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  failureCode: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});
type JobStatus = z.infer<typeof JobStatus>;
const JobAnswer = z.union([z.object({ jobStatus: JobStatus }).transform(({ jobStatus }) => jobStatus), JobStatus]);

/**
 * Brings a video to the account's server by way of the video service, which takes larger ones. https://docs.bsky.app/docs/tutorials/video
 * @throws PlatformError `media_processing` while the service is working on it; `content` where it says no
 */
export async function uploadThroughService(run: PublishRun, item: MediaItem, index: number): Promise<BlobRef> {
  let failed = 0;
  const { blob } = await livingUpload(run.now, async (generation) => {
    const name = (part: string) => stepName({ index, item, generation, part });
    const { jobId } = await run.step({
      name: name('upload'),
      effect: 'idempotent',
      run: ({ http }) => startJob(run, http, item),
    });
    const end = await run.step({
      name: name('processed'),
      effect: 'read',
      run: ({ http }) => endOfJob(run, http, jobId),
    });
    if (end.kind === 'done') return end;
    failed += 1;
    if (end.isFinal || failed === jobsMax) throw refusedVideo(end);
    return { blob: null, expiresAt: run.now.toISOString() };
  });
  if (blob === null) throw new Error('an upload that failed counts as living');
  return blob;
}

type JobEnd =
  | { readonly kind: 'done'; readonly blob: BlobRef; readonly expiresAt: string }
  | { readonly kind: 'failed'; readonly isFinal: boolean; readonly code: string; readonly reason: string };

const extensions: Readonly<Record<string, string>> = {
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/mpeg': 'mpg',
};

/** The token is good for this one upload and is kept nowhere. */
async function startJob(run: PublishRun, http: PlatformHttp, item: MediaItem): Promise<{ jobId: string }> {
  const { account, now } = run;
  const service = serviceOf(account);
  const { token } = await callXrpc({
    http,
    service,
    method: 'GET',
    nsid: 'com.atproto.server.getServiceAuth',
    parameters: {
      aud: `did:web:${encodeURIComponent(new URL(service).host)}`,
      lxm: 'com.atproto.repo.uploadBlob',
      exp: String(Math.floor((now.getTime() + tokenLifeMs) / 1_000)),
    },
    access: run,
    effect: 'read',
    answer: z.object({ token: z.string().min(1) }),
  });
  const { jobId } = await callVideoService(run, {
    http,
    method: 'POST',
    nsid: 'app.bsky.video.uploadVideo',
    parameters: { did: account.externalId, name: `${item.sha256.slice(0, 16)}.${extensions[item.mimeType] ?? 'mp4'}` },
    token,
    file: { mimeType: item.mimeType, stream: { byteLength: item.bytes, open: () => item.read() } },
    effect: 'idempotent',
    // The same video again: 409, with the job there is.
    answersToo: 409,
  });
  return { jobId };
}

async function endOfJob(run: PublishRun, http: PlatformHttp, jobId: string): Promise<JobEnd> {
  const call = {
    http,
    method: 'GET',
    nsid: 'app.bsky.video.getJobStatus',
    parameters: { jobId },
    effect: 'read',
  } as const;
  const job = await callVideoService(run, call);
  if (job.blob !== undefined) return { kind: 'done', blob: job.blob, expiresAt: unnamedUntil(run.now) };
  if (job.state === 'JOB_STATE_FAILED') return failureOf(job);
  throw new PlatformError('media_processing', `${videoServiceName} is still working on the file`, {
    platformCode: job.state === 'JOB_STATE_COMPLETED' ? 'blob_missing' : 'processing',
    retryAfterMs: pollAfterMs,
  });
}

/** Of the known failures, those that come from the video itself or from the size that the account's server takes. */
const finalFailures = new Set(['validation_failure', 'encoding_failure', 'pds_upload_unsupported_blob_size']);

function failureOf({ failureCode, error, message }: JobStatus): JobEnd {
  const code = failureCode ?? 'generic_failure';
  const reason = cleanName(message ?? error ?? '', 200);
  return {
    kind: 'failed',
    isFinal: finalFailures.has(code),
    code: /^[\w-]{1,64}$/u.test(code) ? code : 'generic_failure',
    reason,
  };
}

function refusedVideo({ code, reason }: Extract<JobEnd, { kind: 'failed' }>): PlatformError {
  const message = `${videoServiceName} could not process the video (${code})${reason === '' ? '' : `: ${reason.toWellFormed()}`}`;
  return new PlatformError('content', message, { platformCode: code });
}

type VideoCall = Omit<XrpcCall<JobStatus>, 'answer' | 'service' | 'platformName' | 'refusalOf'>;

async function callVideoService({ endpoints, account }: PublishRun, call: VideoCall): Promise<JobStatus> {
  const service = endpoints.upload ?? serviceOf(account);
  try {
    return await callXrpc({
      ...call,
      service,
      answer: JobAnswer,
      platformName: videoServiceName,
      refusalOf: videoRefusal,
    });
  } catch (cause) {
    if (!(cause instanceof PlatformError) || !unknownMethod.has(cause.platformCode)) throw cause;
    const message = `${videoServiceName} is not at ${new URL(service).host}: a video of more than 50 MB or 3 minutes, or one that is no MP4, cannot be posted`;
    throw new PlatformError('content', message, { platformCode: 'video_service_unknown', cause });
  }
}

/** What a server answers that is no video service: 404, or the error of a method that it does not have. */
const unknownMethod = new Set(['http_404', 'http_501', 'XRPCNotSupported', 'MethodNotImplemented']);

/** A token that the service does not take says nothing about the account's own. */
function videoRefusal(response: PlatformResponse): Refusal {
  const refusal = blueskyRefusal(response);
  const isAboutToken = refusal.kind === 'auth_expired' || refusal.kind === 'auth_revoked';
  return isAboutToken ? { ...refusal, kind: 'permission' } : refusal;
}
