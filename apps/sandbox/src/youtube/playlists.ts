import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { randomSecret } from '../state/random-secret.ts';

export type Playlist = z.infer<typeof Playlist>;

export type Playlists = {
  create(channel: string, title: string): Playlist;
  /** Each channel has one from the start: `PL-` and its handle. */
  get(id: string): Playlist | undefined;
  /** Ids of those that a video stands in. */
  holding(video: string): string[];
  ofChannel(channel: string): Playlist[];
  /** Gives the item's id. A video may stand there more than once. */
  add(playlist: Playlist, video: string): string;
  clear(): Change[];
};

export function createPlaylists({ site, sandbox: { store, accounts } }: SiteContext): Playlists {
  const table = store.table('youtube.playlists', Playlist);
  return {
    create(channel, title) {
      const playlist = { id: `PL${randomSecret(24)}`, channel, title, items: [] };
      store.commit([table.put(playlist.id, playlist)]);
      return playlist;
    },
    get(id) {
      const channel = id.startsWith(ownPrefix) ? accounts.byHandle(site, id.slice(ownPrefix.length)) : undefined;
      const own = channel === undefined ? undefined : { id, channel: channel.id, title: 'Videos', items: [] };
      return table.get(id) ?? own;
    },
    holding: (video) =>
      Array.from(table.rows())
        .filter(({ items }) => items.some((item) => item.video === video))
        .map(({ id }) => id),
    ofChannel: (channel) => Array.from(table.rows()).filter((playlist) => playlist.channel === channel),
    add(playlist, video) {
      const id = `UEx${randomSecret(24)}`;
      const current = table.get(playlist.id) ?? playlist;
      store.commit([table.put(playlist.id, { ...current, items: [...current.items, { id, video }] })]);
      return id;
    },
    clear: () => Array.from(table.rows(), (playlist) => table.put(playlist.id, { ...playlist, items: [] })),
  };
}

const ownPrefix = 'PL-';

const Playlist = z.object({
  id: z.string(),
  channel: z.string(),
  title: z.string(),
  items: z.array(z.object({ id: z.string(), video: z.string() })),
});
