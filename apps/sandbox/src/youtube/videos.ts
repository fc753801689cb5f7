import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';
import { randomSecret } from '../state/random-secret.ts';
import { processingMs } from './limits.ts';
import type { Playlists } from './playlists.ts';
import { Snippet, Status } from './video-body.ts';

/** A video of a channel, from the end of its upload on. Times are of the movable clock. */
export type Video = z.infer<typeof Video>;

export type Videos = {
  /** @param medium null for what is no film */
  add(
    channel: Account,
    video: Pick<Video, 'snippet' | 'status' | 'medium'>,
    alongside: (id: string) => Change[],
  ): Video;
  get(id: string): Video | undefined;
  /** Newest first. */
  ofChannel(channel: string): Video[];
  /** What a status is asked for makes a private video visible; what followers see changes with its words. */
  update(channel: Account, video: Video, parts: { snippet?: Snippet | undefined; status?: Status | undefined }): Video;
  setThumbnail(video: Video, thumbnail: PostMedium): void;
  remove(video: Video): void;
  stateOf(video: Video): 'uploaded' | 'processed' | 'failed';
  clear(): Change[];
};

/** Channels of projects that nobody has audited: their videos stay private. */
const unauditedPrefix = 'unaudited';

export function createVideos({ site, platform, sandbox }: SiteContext, playlists: Playlists): Videos {
  const { store, posts, clock } = sandbox;
  const table = store.table('youtube.videos', Video);

  function put(channel: Account, video: Video, alongside: readonly Change[] = []): Video {
    const changes = [table.put(video.id, video), ...alongside];
    const known = posts.get(site, video.id);
    const { description: text, ...snippet } = video.snippet;
    const details = {
      ...snippet,
      ...video.status,
      thumbnail: video.thumbnail?.sha256 ?? null,
      playlists: playlists.holding(video.id),
    };
    if (!video.isShown || video.medium === null) store.commit(changes);
    else if (known !== undefined) posts.amend({ ...known, text, details }, changes);
    else {
      const createdAt = new Date(clock.wallMs()).toISOString();
      const owner = { platform, site, account: channel.id, id: video.id };
      posts.accept({ ...owner, createdAt, text, details, media: [video.medium] }, changes);
    }
    return video;
  }

  return {
    add(channel, { snippet, status, medium }, alongside) {
      const id = newId((taken) => table.has(taken));
      const isLocked = channel.handle.startsWith(unauditedPrefix);
      const given = isLocked ? ({ ...status, privacyStatus: 'private' } as const) : status;
      const video: Video = {
        id,
        channel: channel.id,
        snippet,
        status: given,
        medium,
        thumbnail: null,
        isShown: given.privacyStatus !== 'private',
        uploadedAtMs: clock.nowMs(),
        publishedAt: new Date(clock.wallMs()).toISOString(),
      };
      return put(channel, video, alongside(id));
    },
    get: (id) => table.get(id),
    ofChannel: (channel) =>
      Array.from(table.rows())
        .filter((video) => video.channel === channel)
        .toReversed(),
    update(channel, video, { snippet, status }) {
      const isLocked = channel.handle.startsWith(unauditedPrefix);
      const privacy = isLocked ? ({ privacyStatus: 'private' } as const) : {};
      return put(channel, {
        ...video,
        ...(snippet === undefined ? {} : { snippet }),
        ...(status === undefined ? {} : { status: { ...status, ...privacy } }),
        // Also where it stays private by its owner's word: the owner's page shows it then.
        isShown: video.isShown || (status !== undefined && !isLocked),
      });
    },
    setThumbnail: (video, thumbnail) => store.commit([table.put(video.id, { ...video, thumbnail })]),
    remove(video) {
      const post = posts.get(site, video.id);
      if (post === undefined) store.commit([table.drop(video.id)]);
      else posts.remove(post, [table.drop(video.id)]);
    },
    stateOf({ medium, uploadedAtMs }) {
      if (clock.nowMs() < uploadedAtMs + processingMs) return 'uploaded';
      return medium === null ? 'failed' : 'processed';
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

function newId(isTaken: (id: string) => boolean): string {
  for (;;) {
    const id = randomSecret(9).slice(0, 11);
    if (!isTaken(id)) return id;
  }
}

const Video = z.object({
  id: z.string(),
  channel: z.string(),
  snippet: Snippet,
  status: Status,
  medium: PostMedium.nullable(),
  thumbnail: PostMedium.nullable(),
  isShown: z.boolean(),
  uploadedAtMs: z.number(),
  publishedAt: z.string(),
});
