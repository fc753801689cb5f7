import { z } from 'zod';
import { invalidParameter, noSuchObject, refuse } from '../graph/answers.ts';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import { messageCharactersMax } from './limits.ts';

/** What a page's post says beside its text; one that is not published yet is a draft, which nobody sees. */
export type Draft = z.infer<typeof Draft>;

export type NewPost = { message: string; link: string | null; photos: readonly string[]; video: string | null };

/** What goes to disk in the same line as a post, by the post's id. */
type Alongside = (id: string) => readonly Change[];

export type PagePosts = {
  /** Seen by nobody. @throws {RefusalError} 100 for what can never be published */
  draft(page: Account, content: NewPost, alongside?: Alongside): Draft;
  /** In one step. */
  create(page: Account, content: NewPost, media: readonly PostMedium[], alongside?: Alongside): Post;
  /** Gives the same post where it is published already. @throws {RefusalError} 506 for the text that stands last */
  publish(draft: Draft, media: readonly PostMedium[]): Post;
  draftOf(id: string): Draft | undefined;
  context(id: string): Draft | undefined;
  edit(post: Post, message: string): void;
  remove(id: string): void;
  clear(): Change[];
};

export function createPagePosts({ site, platform, sandbox }: SiteContext): PagePosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('facebook.posts', Draft);

  function newDraft(page: Account, { message, link, photos, video }: NewPost): Draft {
    if (message.trim() === '' && link === null && photos.length === 0 && video === null) {
      throw invalidParameter('Missing message or attachment');
    }
    if (message.length > messageCharactersMax) throw invalidParameter('Param message must be shorter');
    if (link !== null) checkLink(link);
    const createdAt = new Date(clock.wallMs()).toISOString();
    const id = `${page.id}_${newGraphId('12', 16, (taken) => table.has(`${page.id}_${taken}`))}`;
    return { id, page: page.id, message, link, photos: [...photos], video, createdAt, createdTickMs: clock.nowMs() };
  }

  /** The same words twice in a row are a duplicate; pictures and videos are not compared. */
  function checkNew(draft: Draft): void {
    const last = posts.ofAccount(site, draft.page).at(-1);
    if (last === undefined || draft.photos.length > 0 || draft.video !== null) return;
    const isSame =
      last.text === draft.message && (table.get(last.id)?.link ?? null) === draft.link && last.media.length === 0;
    if (isSame) throw refuse({ code: 506, subcode: 1_455_006, message: '(#506) Duplicate status message' });
  }

  function show(draft: Draft, media: readonly PostMedium[], alongside: readonly Change[]): Post {
    checkNew(draft);
    const createdAt = new Date(clock.wallMs()).toISOString();
    return posts.accept(
      {
        platform,
        site,
        account: draft.page,
        id: draft.id,
        text: draft.message,
        media: [...media],
        createdAt,
      },
      [table.put(draft.id, { ...draft, createdAt }), ...alongside],
    );
  }

  return {
    draft(page, content, alongside = () => []) {
      const draft = newDraft(page, content);
      store.commit([table.put(draft.id, draft), ...alongside(draft.id)]);
      return draft;
    },
    create(page, content, media, alongside = () => []) {
      const draft = newDraft(page, content);
      return show(draft, media, alongside(draft.id));
    },
    publish: (draft, media) => posts.get(site, draft.id) ?? show(draft, media, []),
    draftOf: (id) => (posts.get(site, id) === undefined ? table.get(id) : undefined),
    context: (id) => table.get(id),
    edit(post, message) {
      if (message.length > messageCharactersMax) throw invalidParameter('Param message must be shorter');
      const known = table.get(post.id);
      posts.amend({ ...post, text: message }, known === undefined ? [] : [table.put(post.id, { ...known, message })]);
    },
    remove(id) {
      const post = posts.get(site, id);
      if (post !== undefined) posts.remove(post, [table.drop(id)]);
      else if (table.has(id)) store.commit([table.drop(id)]);
      else throw noSuchObject(id, 'delete');
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

/** The scraper fetches what a post links to. What cannot be looked up is refused. */
function checkLink(link: string): void {
  if (!/^https?:\/\//iu.test(link) || !URL.canParse(link)) {
    throw refuse({ code: 100, subcode: 2_061_006, message: '(#100) The url you supplied is invalid' });
  }
  const { hostname } = new URL(link);
  if (hostname.endsWith('.invalid')) {
    throw refuse({ code: 1_609_005, message: '(#1609005) There was a problem scraping the link' });
  }
  if (hostname === 'facebook.com' || hostname.endsWith('.facebook.com')) {
    throw refuse({ code: 100, subcode: 1_609_008, message: '(#100) Links to this site cannot be posted' });
  }
}

const Draft = z.object({
  id: z.string(),
  page: z.string(),
  message: z.string(),
  link: z.string().nullable(),
  photos: z.array(z.string()),
  video: z.string().nullable(),
  createdAt: z.string(),
  createdTickMs: z.number(),
});
