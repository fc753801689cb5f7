import { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { callXrpc, postCollection, readPost, serviceOf } from './api.ts';
import { withSmallerPictures } from './blob-limit.ts';
import { writeGates } from './gates.ts';
import { richTextOf, shownText } from './facets.ts';
import { guessLangs } from './guess-langs.ts';
import { handlesMentioned } from './mentions.ts';
import { BlueskyOptions } from './options.ts';
import { tidOf } from './tid.ts';
import { answeredPost, quotedPost } from './other-posts.ts';
import { type Ref, replyOf } from './reply.ts';
import { resolveHandle } from './resolve-handle.ts';
import { embedOf } from './upload.ts';

/** Where the post will stand, chosen before it is sent: whoever repeats the request meets the record and not a second place. */
export const RecordKey = z.object({
  rkey: z.string().regex(/^[2-7a-z]{13}$/u),
  /** Of keys made of a time and a random number, as they once were. */
  createdAt: z.string().optional(),
});
export type RecordKey = z.infer<typeof RecordKey>;

export async function publishBluesky(publication: PublishRun): Promise<Published> {
  const options = BlueskyOptions.parse(publication.content.options);
  const didByHandle = await resolveMentions(publication);
  const media = await embedOf(publication);
  const embed = options.quote === undefined ? media : withQuote(await quotedPost(publication, options.quote), media);
  const reply =
    (await replyOf(publication)) ??
    (options.replyTo === undefined ? null : await answeredPost(publication, options.replyTo));
  await writeGates(publication, options);
  const langs = options.langs ?? (await guessLangs(publication.content.text));
  const posted = await publication.step({
    name: 'publish',
    effect: 'once',
    key: ({ partId }) => ({ rkey: tidOf(partId) }),
    run: ({ key, http, startedAt }) =>
      putPost(publication, http, key, { didByHandle, embed, reply, langs, createdAt: startedAt.toISOString() }),
  });
  return { kind: 'published', ...placeOf(publication.account, posted.rkey), reference: posted.cid };
}

export function placeOf({ externalId: did }: AdapterAccount, rkey: string): { platformPostId: string; url: string } {
  return {
    platformPostId: `at://${did}/${postCollection}/${rkey}`,
    url: `https://bsky.app/profile/${did}/post/${rkey}`,
  };
}

/** The clocks that made the key and began the send may differ by this much. */
const clockSkewMs = 10 * 60_000;

/** Whether a record under our key is our post. Nobody else makes the key of our id; an older key may be met twice, and the record is no older than it. */
export function isOurs(stored: { text: string; createdAt: string }, key: RecordKey, text: string): boolean {
  if (key.createdAt === undefined) return true;
  if (stored.text === text || stored.text === shownText(text)) return true;
  return Date.parse(stored.createdAt) >= Date.parse(key.createdAt) - clockSkewMs;
}

/** https://atproto.com/lexicons/app-bsky-embed */
function withQuote(quoted: Ref, media: object | undefined): object {
  const record = { $type: 'app.bsky.embed.record', record: quoted };
  return media === undefined ? record : { $type: 'app.bsky.embed.recordWithMedia', record, media };
}

function selfLabels(labels: readonly string[]): object {
  return { $type: 'com.atproto.label.defs#selfLabels', values: labels.map((val) => ({ val })) };
}

async function putPost(
  { account, accessToken, details, content }: PublishRun,
  http: PlatformHttp,
  key: RecordKey,
  {
    didByHandle,
    embed,
    reply,
    langs,
    createdAt,
  }: {
    readonly didByHandle: Readonly<Record<string, string>>;
    readonly embed: object | undefined;
    readonly reply: object | null;
    readonly langs: readonly string[] | undefined;
    /** Of this send: a post that is sent again a day later is no day old. */
    readonly createdAt: string;
  },
): Promise<{ rkey: string; cid: string | null }> {
  const { labels, tags } = BlueskyOptions.parse(content.options);
  const { text, facets } = richTextOf(content.text, didByHandle);
  const record = {
    $type: postCollection,
    text,
    createdAt,
    ...(langs === undefined ? {} : { langs }),
    ...(tags === undefined ? {} : { tags }),
    ...(labels === undefined ? {} : { labels: selfLabels(labels) }),
    ...(facets.length === 0 ? {} : { facets }),
    ...(embed === undefined ? {} : { embed }),
    ...(reply === null ? {} : { reply }),
  };
  try {
    const { cid } = await callXrpc({
      http,
      service: serviceOf(account),
      method: 'POST',
      nsid: 'com.atproto.repo.putRecord',
      access: { accessToken, details },
      // swapRecord null: only where there is no such record yet.
      json: { repo: account.externalId, collection: postCollection, rkey: key.rkey, swapRecord: null, record },
      effect: 'once',
      answer: z.object({ uri: z.string(), cid: foreignId().nullable().default(null).catch(null) }),
    });
    return { rkey: key.rkey, cid };
  } catch (error) {
    if (!(error instanceof PlatformError && error.platformCode === 'InvalidSwap'))
      throw withSmallerPictures(error, account, content.media);
    return { rkey: key.rkey, cid: await confirmOurs({ http, account, key, text: content.text, cause: error }) };
  }
}

/** The key is taken: by an earlier send of ours, as good as certainly. */
async function confirmOurs({
  cause,
  ...place
}: {
  http: PlatformHttp;
  account: AdapterAccount;
  key: RecordKey;
  text: string;
  cause: PlatformError;
}): Promise<string | null> {
  const stored = await readPost({ http: place.http, account: place.account, rkey: place.key.rkey }).catch(() => null);
  if (stored !== null && isOurs(stored, place.key, place.text)) return stored.cid;
  if (stored === null) {
    const message = 'A post stands under the key of this one, but it cannot be read now';
    throw new PlatformError('ambiguous', message, { platformCode: 'InvalidSwap', cause });
  }
  throw new PlatformError('content', 'Another post stands under the key of this one', {
    platformCode: 'rkey_taken',
    cause,
  });
}

/** DIDs of the handles mentioned; whoever cannot be found is left out and stays plain text. */
async function resolveMentions(publication: PublishRun): Promise<Readonly<Record<string, string>>> {
  const handles = handlesMentioned(publication.content.text);
  if (handles.length === 0) return {};
  return publication.step({
    name: 'mentions',
    effect: 'read',
    run: async ({ http }) => {
      const didByHandle: Record<string, string> = {};
      for (const handle of handles) {
        const did = await resolveHandle(http, serviceOf(publication.account), handle);
        if (did !== null) didByHandle[handle] = did;
      }
      return didByHandle;
    },
  });
}
