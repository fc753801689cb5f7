import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import type { Owner } from './owners.ts';

/** What a pin is beside what followers see. */
export type PinFacts = z.infer<typeof PinFacts>;
export type NewPin = Omit<PinFacts, 'id'> & { description: string | null; media: PostMedium[] };

export type Pins = {
  create(board: Account, pin: NewPin): Post;
  factsOf(id: string): PinFacts | undefined;
  get(id: string): Post | undefined;
  edit(post: Post, changes: Partial<Omit<PinFacts, 'id'>> & { description?: string | null }): Post;
  remove(post: Post): void;
  view(post: Post, owner: Owner): unknown;
  clear(): Change[];
};

export function createPins({ site, platform, sandbox }: SiteContext): Pins {
  const { store, posts, clock } = sandbox;
  const table = store.table('pinterest.pins', PinFacts);

  return {
    create(board, { description, media, ...facts }) {
      const id = newGraphId('1', 19, (taken) => table.has(taken));
      const createdAt = new Date(clock.wallMs()).toISOString();
      return posts.accept(
        {
          platform,
          site,
          account: board.id,
          id,
          text: description ?? '',
          media: media.map((medium) => ({ ...medium, alt: facts.alt_text })),
          details: facts,
          createdAt,
        },
        [table.put(id, { ...facts, id })],
      );
    },
    factsOf: (id) => table.get(id),
    get: (id) => posts.get(site, id),
    edit(post, { description, ...changes }) {
      const facts = table.get(post.id);
      const alongside = facts === undefined ? [] : [table.put(post.id, { ...facts, ...changes })];
      const edited = { ...post, text: description === undefined ? post.text : (description ?? '') };
      posts.amend(edited, alongside);
      return edited;
    },
    remove: (post) => posts.remove(post, [table.drop(post.id)]),
    view(post, owner) {
      const { id: _id, mediaType, ...facts } = table.get(post.id) ?? noFacts;
      return {
        id: post.id,
        // As on the wire: UTC, and nothing says so.
        created_at: post.createdAt.replace(/\.\d+Z$/u, ''),
        ...facts,
        description: post.text === '' ? null : post.text,
        board_id: post.account,
        board_owner: { username: owner.username },
        parent_pin_id: null,
        creative_type: mediaType === 'video' ? 'VIDEO' : mediaType === 'image' ? 'REGULAR' : 'CAROUSEL',
        has_been_promoted: false,
        is_owner: true,
        is_standard: true,
        media: mediaView(mediaType, post.media),
        pin_metrics: null,
      };
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

function mediaView(mediaType: PinFacts['mediaType'], media: readonly PostMedium[]) {
  if (mediaType === 'multiple_images')
    return { media_type: mediaType, items: media.map((each) => ({ item_type: 'image', images: imagesOf(each) })) };
  const [first] = media;
  const images = first === undefined ? {} : imagesOf(first);
  if (mediaType === 'image') return { media_type: mediaType, images };
  return { media_type: mediaType, images, cover_image_url: 'https://i.pinimg.com/cover.jpg', video_url: null };
}

function imagesOf({ sha256, width, height }: PostMedium) {
  const url = `https://i.pinimg.com/1200x/${sha256.slice(0, 32)}.jpg`;
  return { '1200x': { width: width ?? 1, height: height ?? 1, url } };
}

const PinFacts = z.object({
  id: z.string(),
  title: z.string().nullable(),
  link: z.string().nullable(),
  alt_text: z.string().nullable(),
  board_section_id: z.string().nullable(),
  dominant_color: z.string().nullable(),
  mediaType: z.enum(['image', 'multiple_images', 'video']),
});

const noFacts: PinFacts = {
  id: '',
  title: null,
  link: null,
  alt_text: null,
  board_section_id: null,
  dominant_color: null,
  mediaType: 'image',
};
