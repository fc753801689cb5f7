import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { mediumOf } from '../uploads/received-file.ts';
import { typeInBytes } from '../uploads/sniff-type.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { Bot } from './bots.ts';
import { apiError } from './answers.ts';
import { Embed, filesMax, type MessageBody, type MessageEdit } from './message-body.ts';

/** What a message has beyond a post; `fileNames` are those of its media. */
export type MessageDetail = z.infer<typeof MessageDetail>;

export type Messages = {
  /** Makes a message; with `enforceNonce` it gives the one that this bot has made under the nonce within the last minutes. */
  create(channel: Account, bot: Bot, body: MessageBody, thread?: MessageThread): Post;
  get(id: string): Post | undefined;
  /** The newest that a channel or a thread has had, whether or not it is still there; of a forum its newest thread. */
  newestOf(place: string): string | null;
  /** @throws {RefusalError} 400 where nothing would be left to show */
  edit(post: Post, body: MessageEdit): Post;
  detail(id: string): MessageDetail;
  /** The file behind an attachment's address; undefined where there is none. */
  fileOf(attachment: string): Promise<{ bytes: Buffer; contentType: string } | undefined>;
  remove(post: Post): void;
  clear(): Change[];
};

/** Where in the channel a message stands. */
export type MessageThread = {
  readonly thread_id?: string;
  readonly thread_name?: string;
  readonly applied_tags?: readonly string[];
};

/** "The past few minutes": https://docs.discord.com/developers/resources/message#create-message */
const nonceLifeMs = 180_000;

export function createMessages({ site, platform, sandbox }: SiteContext, newId: () => string): Messages {
  const { store, posts, clock, segments } = sandbox;
  const placeOf = (id: string) => `${site}-message-${id}`;
  const details = store.table('discord.messages', MessageDetail);
  const nonces = store.table('discord.nonces', NonceRow);
  const newest = store.table('discord.newest', NewestRow);

  function underNonce(key: string): Post | undefined {
    const row = nonces.get(key);
    return row === undefined || row.expiresAtMs <= clock.nowMs() ? undefined : posts.get(site, row.message);
  }

  /** Rows are in the order of their making, and all live equally long. */
  function expiredNonces(): Change[] {
    const expired: Change[] = [];
    for (const row of nonces.rows()) {
      if (row.expiresAtMs > clock.nowMs()) break;
      expired.push(nonces.drop(row.key));
    }
    return expired;
  }

  return {
    create(channel, bot, { content, files, embeds, nonce, enforceNonce, flags, allowedMentions }, thread = {}) {
      const key = nonce === undefined ? undefined : `${bot.id}/${nonce}`;
      const earlier = key === undefined || !enforceNonce ? undefined : underNonce(key);
      if (earlier !== undefined) return earlier;
      const id = newId();
      for (const [index, { file }] of files.entries()) segments.write(placeOf(id), index, file.head);
      const createdAt = new Date(clock.wallMs()).toISOString();
      const remembered =
        key === undefined ? [] : [nonces.put(key, { key, message: id, expiresAtMs: clock.nowMs() + nonceLifeMs })];
      return posts.accept(
        {
          platform,
          site,
          account: channel.id,
          id,
          text: content,
          media: files.map(({ file, description }) => mediumOf(file, description)),
          createdAt,
          details: {
            ...thread,
            ...(embeds.length === 0 ? {} : { embeds }),
            ...(flags === 0 ? {} : { flags }),
            ...(allowedMentions === undefined ? {} : { allowed_mentions: allowedMentions }),
            ...(files.length === 0 ? {} : { fileNames: files.map(({ fileName }) => fileName) }),
          },
        },
        [
          ...expiredNonces(),
          details.put(id, {
            id,
            flags,
            embeds: [...embeds],
            fileNames: files.map(({ fileName }) => fileName),
            contentTypes: files.map(({ file }) => typeInBytes(file.head) ?? file.mimeType),
            editedAt: null,
          }),
          ...remembered,
          newest.put(thread.thread_id ?? channel.id, { place: thread.thread_id ?? channel.id, message: id }),
        ],
      );
    },
    get: (id) => posts.get(site, id),
    newestOf: (place) => newest.get(place)?.message ?? null,
    edit(post, { content, allowedMentions }) {
      const text = content === undefined ? post.text : (content ?? '').trim();
      const detail = this.detail(post.id);
      if (text === '' && post.media.length === 0 && detail.embeds.length === 0)
        throw new RefusalError(apiError(400, 50_006, 'Cannot send an empty message'));
      const pinged = allowedMentions === undefined ? {} : { allowed_mentions: allowedMentions };
      const edited = { ...post, text, details: { ...post.details, ...pinged } };
      posts.amend(edited, [details.put(post.id, { ...detail, editedAt: new Date(clock.wallMs()).toISOString() })]);
      return edited;
    },
    detail: (id) => details.get(id) ?? { id, flags: 0, embeds: [], fileNames: [], contentTypes: [], editedAt: null },
    async fileOf(attachment) {
      for (let index = 0; index < filesMax; index += 1) {
        const detail = details.get(String(BigInt(attachment) - BigInt(index) - 1n));
        if (detail?.fileNames[index] === undefined) continue;
        const contentType = detail.contentTypes[index] ?? 'application/octet-stream';
        const kept = await segments.join(placeOf(detail.id), [index], contentType).catch(() => undefined);
        return kept === undefined ? undefined : { bytes: kept.head, contentType };
      }
      return undefined;
    },
    remove(post) {
      segments.drop(placeOf(post.id));
      posts.remove(post, [details.drop(post.id)]);
    },
    clear: () => [
      ...Array.from(details.rows(), (row) => {
        segments.drop(placeOf(row.id));
        return details.drop(row.id);
      }),
      ...Array.from(nonces.rows(), (row) => nonces.drop(row.key)),
      ...Array.from(newest.rows(), (row) => newest.drop(row.place)),
    ],
  };
}

const MessageDetail = z.object({
  id: z.string(),
  flags: z.number(),
  embeds: z.array(Embed).default([]),
  fileNames: z.array(z.string()).default([]),
  contentTypes: z.array(z.string()).default([]),
  editedAt: z.string().nullable().default(null),
});
const NewestRow = z.object({ place: z.string(), message: z.string() });
const NonceRow = z.object({ key: z.string(), message: z.string(), expiresAtMs: z.number() });
