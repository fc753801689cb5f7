import type { PublishFate, PublishRun } from '../port/publish.ts';
import { publishFeed } from './publish-feed.ts';
import { publishReel } from './publish-reel.ts';
import { publishVideo } from './publish-video.ts';
import { FacebookOptions } from './options.ts';

/** Words, links and photos are a post of the feed; a video is a post of its own kind. */
export function publishFacebook(run: PublishRun): Promise<PublishFate> {
  const [first] = run.content.media;
  if (first?.kind !== 'video') return publishFeed(run);
  const { videoAs } = FacebookOptions.parse(run.content.options);
  return videoAs === 'reel' ? publishReel(run, first) : publishVideo(run, first);
}
