import { z } from 'zod';
import { invalidParameter, noSuchObject, refuse } from '../graph/answers.ts';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { mediumOf, sizeOfImage, type ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import { PostMedium } from '../state/posts.ts';
import { photoBytesMax, photosOfPostMax } from './limits.ts';

/** A photo of a page. `post` is what shows it, once something does. */
export type Photo = z.infer<typeof Photo>;

export type Photos = {
  /** @throws {RefusalError} 324, 100 for what is no picture, too large, or of a kind that is not taken */
  add(page: Account, file: ReceivedFile, alt: string | null): Photo;
  get(id: string): Photo | undefined;
  /** Of this page, shown nowhere yet. @throws {RefusalError} 100 */
  attachable(page: Account, ids: readonly string[]): Photo[];
  attach(photos: readonly Photo[], post: string): Change[];
  mediaOf(ids: readonly string[]): PostMedium[];
  remove(id: string): void;
  clear(): Change[];
};

const imageTypes = ['jpg', 'png', 'gif', 'bmp', 'tiff'];

export function createPhotos({ sandbox }: SiteContext): Photos {
  const { store } = sandbox;
  const table = store.table('facebook.photos', Photo);

  return {
    add(page, file, alt) {
      const size = sizeOfImage(file.head);
      if (size === undefined || !imageTypes.includes(size.type)) {
        throw refuse({ code: 324, subcode: 2_069_019, message: '(#324) Missing or invalid image file' });
      }
      if (file.bytes > photoBytesMax) throw invalidParameter('The file is larger than 10 MB', 1_366_046);
      const id = newGraphId('12', 16, (taken) => table.has(taken));
      const photo = { id, page: page.id, medium: { ...mediumOf(file, alt), type: 'image' }, post: null };
      store.commit([table.put(id, photo)]);
      return photo;
    },
    get: (id) => table.get(id),
    attachable(page, ids) {
      if (ids.length > photosOfPostMax) throw invalidParameter(`Up to ${photosOfPostMax} photos can be attached`);
      if (new Set(ids).size < ids.length) throw invalidParameter('A photo may be attached once');
      return ids.map((id) => {
        const photo = table.get(id);
        if (photo === undefined || photo.page !== page.id) throw noSuchObject(id);
        if (photo.post !== null) throw invalidParameter('These photos were already posted.', 1_366_051);
        return photo;
      });
    },
    attach: (photos, post) => photos.map((photo) => table.put(photo.id, { ...photo, post })),
    mediaOf: (ids) => ids.flatMap((id) => table.get(id)?.medium ?? []),
    remove(id) {
      if (!table.has(id)) throw noSuchObject(id, 'delete');
      store.commit([table.drop(id)]);
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Photo = z.object({ id: z.string(), page: z.string(), medium: PostMedium, post: z.string().nullable() });
