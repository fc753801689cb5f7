import { z } from 'zod';
import type { SitePlace } from '../site.ts';
import type { Change } from '../store/store.ts';
import { randomSecret } from '../world/random-secret.ts';

export type Playlist = z.infer<typeof Playlist>;

export type Playlists = {
  create(channel: string, title: string): Playlist;
  get(id: string): Playlist | undefined;
  ofChannel(channel: string): Playlist[];
  /** Gives the item's id. A video may stand there more than once. */
  add(playlist: Playlist, video: string): string;
  clear(): Change[];
};

export function createPlaylists({ world: { store } }: SitePlace): Playlists {
  const table = store.table('youtube.playlists', Playlist);
  return {
    create(channel, title) {
      const playlist = { id: `PL${randomSecret(24)}`, channel, title, items: [] };
      store.commit([table.put(playlist.id, playlist)]);
      return playlist;
    },
    get: (id) => table.get(id),
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

const Playlist = z.object({
  id: z.string(),
  channel: z.string(),
  title: z.string(),
  items: z.array(z.object({ id: z.string(), video: z.string() })),
});
