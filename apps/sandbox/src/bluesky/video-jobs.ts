import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { ReceivedFile } from '../uploads/received-file.ts';
import { xrpcError } from './answers.ts';
import { BlobRef, type Blobs } from './blobs.ts';

/** A video that is being worked on; times are of the movable clock. Nothing is encoded here: the MP4 that comes of it is the file as it came. */
export type VideoJob = z.infer<typeof VideoJob>;

export type VideoJobs = {
  /** The same video of the same account is the same job. */
  of(did: string, sha256: string): VideoJob | undefined;
  start(did: string, file: ReceivedFile): VideoJob;
  get(id: string): VideoJob | undefined;
  /** The lexicon app.bsky.video.defs#jobStatus. */
  view(job: VideoJob): { jobId: string; did: string; state: string; progress: number; blob?: BlobRef };
};

const processingMs = 400;
const videoBytesMax = 300_000_000;
/** What the official client sends: https://github.com/bluesky-social/social-app/blob/main/src/lib/constants.ts */
const videoTypes: readonly string[] = ['video/mp4', 'video/mpeg', 'video/webm', 'video/quicktime', 'image/gif'];
const encodedType = 'video/mp4';

export function createVideoJobs({ site, sandbox }: SiteContext, blobs: Blobs): VideoJobs {
  const { store, clock } = sandbox;
  const table = store.table(`${site}.video-jobs`, VideoJob);
  const idOf = (did: string, sha256: string) => `${did.slice(-8)}${sha256.slice(0, 16)}`;

  return {
    of: (did, sha256) => table.get(idOf(did, sha256)),
    get: (id) => table.get(id),
    start(did, file) {
      if (!videoTypes.includes(file.mimeType))
        throw new RefusalError(xrpcError(400, 'InvalidRequest', `${file.mimeType} is not accepted`));
      if (file.bytes > videoBytesMax)
        throw new RefusalError(xrpcError(413, 'PayloadTooLarge', 'the video is too large'));
      const id = idOf(did, file.sha256);
      const job = { id, did, blob: blobs.add(did, file, encodedType), readyAtMs: clock.nowMs() + processingMs };
      store.commit([table.put(id, job)]);
      return job;
    },
    view({ id, did, blob, readyAtMs }) {
      const isReady = readyAtMs <= clock.nowMs();
      const state = isReady
        ? { state: 'JOB_STATE_COMPLETED', progress: 100, blob }
        : { state: 'JOB_STATE_ENCODING', progress: 50 };
      return { jobId: id, did, ...state };
    },
  };
}

const VideoJob = z.object({ id: z.string(), did: z.string(), blob: BlobRef, readyAtMs: z.number() });
