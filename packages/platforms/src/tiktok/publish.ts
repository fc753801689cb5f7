import type { PublishFate, PublishRun } from '../port/publish.ts';
import { TikTokOptions } from './options.ts';
import { publishPhotos } from './publish-photos.ts';
import { publishVideo } from './publish-video.ts';

export function publishTikTok(run: PublishRun): Promise<PublishFate> {
  const options = TikTokOptions.parse(run.content.options);
  const video = run.content.media.find(({ kind }) => kind === 'video');
  return video === undefined ? publishPhotos(run, options) : publishVideo(run, video, options);
}
