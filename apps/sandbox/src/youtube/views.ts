import type { Account } from '../state/accounts.ts';
import type { PostNumbers } from '../state/audience.ts';
import type { Comment } from './comments.ts';
import type { Playlist } from './playlists.ts';
import type { Video, Videos } from './videos.ts';

/** A list as YouTube gives it. https://developers.google.com/youtube/v3/docs */
export function listOf(kind: string, items: readonly unknown[], nextPageToken?: string) {
  return {
    kind: `youtube#${kind}ListResponse`,
    etag: 'sandbox',
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    pageInfo: { totalResults: items.length, resultsPerPage: items.length },
    items,
  };
}

/** Only the parts that were asked for. */
export function partsOf(part: string, views: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = part.split(',').map((name) => name.trim());
  return Object.fromEntries(Object.entries(views).filter(([name]) => names.includes(name)));
}

export function viewVideo(
  { videos, numbers }: { videos: Videos; numbers: PostNumbers | undefined },
  channel: Account,
  video: Video,
  part: string,
) {
  const state = videos.stateOf(video);
  const failure = state === 'failed' ? { failureReason: 'invalidFile' } : {};
  const { containsSyntheticMedia, ...status } = video.status;
  return {
    kind: 'youtube#video',
    etag: 'sandbox',
    id: video.id,
    ...partsOf(part, {
      snippet: {
        publishedAt: video.publishedAt,
        channelId: video.channel,
        channelTitle: channel.displayName,
        ...video.snippet,
        liveBroadcastContent: 'none',
        localized: { title: video.snippet.title, description: video.snippet.description },
      },
      status: {
        uploadStatus: state,
        ...failure,
        ...status,
        containsSyntheticMedia,
        madeForKids: status.selfDeclaredMadeForKids,
      },
      processingDetails: {
        processingStatus: { uploaded: 'processing', processed: 'succeeded', failed: 'failed' }[state],
        thumbnailsAvailability: video.thumbnail === null ? 'available' : 'edited',
      },
      statistics: {
        viewCount: String(numbers?.views ?? 0),
        likeCount: String(numbers?.likes ?? 0),
        favoriteCount: '0',
        commentCount: String(numbers?.comments ?? 0),
      },
    }),
  };
}

export function viewChannel(
  channel: Account,
  numbers: { followers: number; views: number; videos: number },
  part: string,
) {
  return {
    kind: 'youtube#channel',
    etag: 'sandbox',
    id: channel.id,
    ...partsOf(part, {
      snippet: {
        title: channel.displayName,
        description: '',
        customUrl: `@${channel.handle}`,
        publishedAt: channel.createdAt,
      },
      contentDetails: { relatedPlaylists: { likes: 'LL', uploads: uploadsOf(channel.id) } },
      statistics: {
        viewCount: String(numbers.views),
        subscriberCount: String(numbers.followers),
        hiddenSubscriberCount: false,
        videoCount: String(numbers.videos),
      },
    }),
  };
}

/** The playlist of everything that a channel has uploaded. */
export function uploadsOf(channel: string): string {
  return channel.replace(/^UC/u, 'UU');
}

export function viewPlaylist({ id, channel, title, items }: Playlist, part: string) {
  return {
    kind: 'youtube#playlist',
    etag: 'sandbox',
    id,
    ...partsOf(part, { snippet: { channelId: channel, title }, contentDetails: { itemCount: items.length } }),
  };
}

export function viewItem(item: { id: string; playlist: string; position: number; video: Video }, part: string) {
  const { id, playlist, position, video } = item;
  return {
    kind: 'youtube#playlistItem',
    etag: 'sandbox',
    id,
    ...partsOf(part, {
      snippet: {
        publishedAt: video.publishedAt,
        channelId: video.channel,
        title: video.snippet.title,
        description: video.snippet.description,
        playlistId: playlist,
        position,
        resourceId: { kind: 'youtube#video', videoId: video.id },
      },
      contentDetails: { videoId: video.id, videoPublishedAt: video.publishedAt },
    }),
  };
}

export function viewThread({ id, author, video, text, publishedAt }: Comment) {
  return {
    kind: 'youtube#commentThread',
    etag: 'sandbox',
    id,
    snippet: {
      channelId: author,
      videoId: video,
      topLevelComment: {
        kind: 'youtube#comment',
        etag: 'sandbox',
        id,
        snippet: {
          channelId: author,
          videoId: video,
          textDisplay: text,
          textOriginal: text,
          authorChannelId: { value: author },
          publishedAt,
          updatedAt: publishedAt,
        },
      },
      canReply: true,
      totalReplyCount: 0,
      isPublic: true,
    },
  };
}
