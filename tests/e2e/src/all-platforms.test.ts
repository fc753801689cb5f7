import { createHash } from 'node:crypto';
import { pdf } from '@vibetribe/media/fixtures/test-documents';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import { editEverywhere, removeEach, removePostEverywhere, textsOn } from './change-what-is-out.ts';
import { type Client, connectAccount, registerClient, send, uploadFile } from './client.ts';
import { startTestStack } from './test-stack.ts';

interface Platform {
  readonly id: string;
  readonly rules: {
    readonly thread: object | null;
    readonly media: MediaRules;
  };
}

interface MediaRules {
  readonly required: boolean;
  readonly videosMin?: number;
  readonly image: object | null;
  readonly video: object | null;
  readonly document?: object | null;
}

interface Account {
  readonly id: string;
  readonly platform: Platform;
  /** What this account's variant has beside its text. */
  readonly kind: 'text' | 'image' | 'video' | 'document';
}

interface Publication {
  readonly accountId: string;
  readonly platform: string;
  readonly status: string;
  readonly platformPostId: string | null;
  readonly parts: readonly { readonly platformPostId: string }[] | null;
}

interface Shown {
  readonly id: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly media: readonly { readonly type: string; readonly sha256: string }[];
}

const byName = (one: string, other: string) => one.localeCompare(other);
const editable = ['discord', 'facebook', 'google-business', 'linkedin', 'mastodon', 'pinterest', 'youtube'];
/** Instagram deletes for accounts of a page's login alone, TikTok for nobody. */
const removable = [...editable, 'bluesky', 'threads', 'x'].toSorted(byName);
const threadTexts = ['Part one', 'Part two', 'Part three'];

test(
  'one post with variants of text, image, video and document, and one thread with an image in its second part, to every platform: each visible once, in order, with what it was given; then edited and taken off where the platform lets it be',
  { timeout: 300_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: null,
      publishers: 1,
      env: { BURST_GUARD_SPACING_MS: '1' },
    });
    const client = await registerClient(system.api);
    const { items: platforms } = await client.get<{ items: Platform[] }>('/platforms');
    expect(platforms.length).toBeGreaterThanOrEqual(8);
    const accounts = (await Promise.all(platforms.map((each) => connectKinds(client, system.sandbox, each)))).flat();
    const files = {
      image: await jpeg(640, 480),
      part: await jpeg(640, 500),
      video: movie({ width: 640, height: 360, seconds: 5, dataBytes: 900_000 }),
      document: pdf(),
    };
    const ids = {
      image: await uploadFile(client, system.api, files.image, 'A picture'),
      part: await uploadFile(client, system.api, files.part, 'Of part two'),
      video: await uploadFile(client, system.api, files.video, 'A film'),
      document: await uploadFile(client, system.api, files.document, ''),
    };
    const mediaIdsOf = (kind: Account['kind']) => (kind === 'text' ? [] : [ids[kind]]);

    const variants = await publish(client, {
      content: 'For all',
      accountIds: accounts.map(({ id }) => id),
      variants: Object.fromEntries(
        accounts.map(({ id, platform, kind }) => [
          id,
          { content: `${kind} on ${platform.id}`, mediaIds: mediaIdsOf(kind) },
        ]),
      ),
    });
    const oneOfEach = platforms.map(({ id }) => accounts.find(({ platform }) => platform.id === id));
    const threaded = oneOfEach.filter((account) => account !== undefined);
    const [one = '', two, three] = threadTexts;
    const thread = await publish(client, {
      content: one,
      accountIds: threaded.map(({ id }) => id),
      thread: [{ content: two, mediaIds: [ids.part] }, { content: three }],
      variants: Object.fromEntries(
        threaded.map(({ id, platform, kind }) => [
          id,
          { mediaIds: mediaIdsOf(kind), ...(platform.rules.thread === null ? { thread: [] } : {}) },
        ]),
      ),
    });

    const isOut = async (id: string) => (await client.get<{ status: string }>(`/posts/${id}`)).status === 'published';
    await waitFor(async () => (await isOut(variants)) && (await isOut(thread)), {
      timeoutMs: 180_000,
      intervalMs: 500,
      describe: () => `both posts are out everywhere\n${system.output()}`,
    });

    const publicationsOf = async (id: string) =>
      (await client.get<{ publications: Publication[] }>(`/posts/${id}`)).publications;
    const [ofVariants, ofThread] = [await publicationsOf(variants), await publicationsOf(thread)];
    for (const account of accounts) {
      const { externalId } = await client.get<{ externalId: string }>(`/accounts/${account.id}`);
      const { items, commits } = await shownOn(system.sandbox, account.platform.id, externalId);
      const sha256s = account.kind === 'text' ? [] : [sha256Of(files[account.kind])];
      const ofAccount = ({ accountId }: Publication) => accountId === account.id;
      const expected: (Omit<Shown, 'media'> & { sha256s: string[] })[] = [
        {
          id: ofVariants.find(ofAccount)?.platformPostId ?? '',
          text: `${account.kind} on ${account.platform.id}`,
          replyTo: null,
          sha256s,
        },
      ];
      const parts = ofThread.find(ofAccount)?.parts ?? [];
      for (const [index, { platformPostId: id }] of parts.entries()) {
        const replyTo = parts[index - 1]?.platformPostId ?? null;
        const partMedia = [sha256s, [sha256Of(files.part)], []][index];
        expected.push({ id, text: threadTexts[index] ?? '', replyTo, sha256s: partMedia ?? [] });
      }
      if (threaded.includes(account)) expect(parts).toHaveLength(account.platform.rules.thread === null ? 1 : 3);

      const seen = items.map(({ media, ...post }) => ({ ...post, sha256s: media.map(({ sha256 }) => sha256) }));
      const inOrder = (posts: typeof seen) => posts.filter(({ text }) => threadTexts.includes(text));
      expect(new Set(seen)).toEqual(new Set(expected));
      expect(inOrder(seen.toReversed()).map(({ id }) => id)).toEqual(parts.map(({ platformPostId }) => platformPostId));
      expect(commits).toBe(expected.length);
    }

    const edited = await editEverywhere(client, variants, 'Said anew', () => system.output());
    const removed = await removePostEverywhere(client, thread, () => system.output());
    expect([...edited].toSorted(byName)).toEqual(editable);
    expect([...removed].toSorted(byName)).toEqual(removable);
    for (const account of accounts) {
      const { externalId } = await client.get<{ externalId: string }>(`/accounts/${account.id}`);
      const publication = ofVariants.find(({ accountId }) => accountId === account.id);
      const texts = await textsOn(system.sandbox, account.platform.id, externalId);
      const before = `${account.kind} on ${account.platform.id}`;
      const now = edited.has(account.platform.id) ? 'Said anew' : before;
      expect([before, texts.get(publication?.platformPostId ?? '')]).toEqual([before, now]);
      if (removed.has(account.platform.id)) expect([before, texts.size]).toEqual([before, 1]);
    }
    expect([...(await removeEach(client, variants, () => system.output()))].toSorted(byName)).toEqual(removable);
    for (const account of accounts) {
      if (!removed.has(account.platform.id)) continue;
      const { externalId } = await client.get<{ externalId: string }>(`/accounts/${account.id}`);
      expect([account.platform.id, await textsOn(system.sandbox, account.platform.id, externalId)]).toEqual([
        account.platform.id,
        new Map(),
      ]);
    }
  },
);

/** An account for each kind of variant that the platform takes. */
async function connectKinds(client: Client, sandbox: string, platform: Platform): Promise<Account[]> {
  await send('PUT', `${sandbox}/_sandbox/limits`, { platform: platform.id, scale: 100 });
  const accounts: Account[] = [];
  const { required, videosMin = 0, image, video, document = null } = platform.rules.media;
  const takes = {
    text: !required,
    image: image !== null && videosMin === 0,
    video: video !== null,
    document: document !== null,
  };
  for (const kind of ['text', 'image', 'video', 'document'] as const) {
    if (!takes[kind]) continue;
    const handle = `all${kind}${platform.id}`.replaceAll('-', '');
    const way = kind === 'image' ? 'by consent' : 'as usual';
    accounts.push({ id: await connectAccount(client, sandbox, platform.id, handle, way), platform, kind });
  }
  return accounts;
}

async function publish(client: Client, post: object): Promise<string> {
  const scheduledAt = new Date(Date.now() + 500).toISOString();
  return (await client.post<{ id: string }>('/posts', { ...post, scheduledAt })).id;
}

async function shownOn(sandbox: string, platform: string, account: string) {
  const query = new URLSearchParams({ platform, account, limit: '100' }).toString();
  const { body } = await send('GET', `${sandbox}/_sandbox/posts?${query}`);
  const { items, commits } = body as { items: Shown[]; commits: number };
  return { items: items.map(({ id, text, replyTo, media }) => ({ id, text, replyTo, media })), commits };
}

function sha256Of(file: Buffer): string {
  return createHash('sha256').update(file).digest('hex');
}
