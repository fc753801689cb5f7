import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { statusOf } from './metadata.ts';
import { videoUrl } from './publish.ts';
import { uploadedIn } from './upload.ts';
import { readVideo } from './video.ts';

/** The video was there before it was to be shown: it is asked for by its id. */
export async function reconcileYouTube(query: ReconcileQuery): Promise<ReconcileFinding> {
  const uploads = uploadedIn(query.results);
  const { privacyStatus } = statusOf(query.content);
  for (const { video, marker } of uploads) {
    const found = await readVideo(query, query.http, { id: video, part: 'snippet,status' });
    if (found === null) continue;
    // Its mark falls with the request that shows it, also where it was to stay private.
    const isMarked = found.snippet?.tags.includes(marker) === true;
    const isAsWanted = found.status?.privacyStatus === privacyStatus;
    if (isAsWanted && !isMarked)
      return {
        kind: 'found',
        platformPostId: video,
        url: videoUrl(video),
        evidence: `video ${video} is ${privacyStatus}`,
      };
  }
  if (uploads.length === 0) return { kind: 'cannot_tell', evidence: 'no video is known' };
  return { kind: 'not_seen', evidence: `video ${uploads.map(({ video }) => video).join(', ')} is not shown` };
}
