import { createHash } from 'node:crypto';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Client, connectAccount, registerClient, send, uploadFile } from './client.ts';
import { type TestStack, startTestStack } from './test-stack.ts';

interface Case {
  readonly platform: string;
  readonly form: 'thread' | 'pictures' | 'film' | 'reel';
  /** Its variant's options. */
  readonly options?: object;
  readonly killAt: string;
  /** What arrived of it, by the path of its requests: a step that has a result is not done again. */
  readonly arrivals: readonly (readonly [path: RegExp, count: number])[];
}

const afterSteps = 'step:saved,record:after_commit';
/** What was answered is in nobody's books: it has to be found on the platform. */
const afterAnswers = 'send:after_answer';

const threads: readonly Case[] = [afterSteps, afterAnswers].flatMap((killAt) =>
  (
    [
      ['x', [/\/2\/tweets$/u, 3]],
      ['bluesky', [/putRecord$/u, 3]],
      ['mastodon', [/\/api\/v1\/statuses$/u, 3]],
      ['threads', [/\/threads_publish$/u, 3]],
    ] as const
  ).map(([platform, arrival]) => ({ platform, form: 'thread' as const, killAt, arrivals: [arrival] })),
);
const withMedia: readonly Case[] = (
  [
    {
      platform: 'instagram',
      form: 'pictures',
      arrivals: [
        [/\/media$/u, 3],
        [/\/media_publish$/u, 1],
      ],
    },
    {
      platform: 'threads',
      form: 'pictures',
      arrivals: [
        [/\/threads$/u, 3],
        [/\/threads_publish$/u, 1],
      ],
    },
    {
      platform: 'facebook',
      form: 'pictures',
      arrivals: [
        [/\/photos$/u, 2],
        [/\/feed$/u, 1],
      ],
    },
    {
      platform: 'linkedin',
      form: 'pictures',
      arrivals: [
        [/\/rest\/images/u, 2],
        [/\/rest\/posts$/u, 1],
      ],
    },
    { platform: 'bluesky', form: 'pictures', arrivals: [[/uploadBlob$/u, 2]] },
    { platform: 'mastodon', form: 'pictures', arrivals: [[/\/api\/v2\/media$/u, 2]] },
    {
      platform: 'instagram',
      form: 'reel',
      arrivals: [
        [/\/media$/u, 1],
        [/\/media_publish$/u, 1],
      ],
    },
    { platform: 'facebook', form: 'reel', options: { videoAs: 'reel' }, arrivals: [[/\/video_reels$/u, 2]] },
    {
      platform: 'x',
      form: 'film',
      arrivals: [
        [/\/initialize$/u, 1],
        [/\/append$/u, 2],
        [/\/finalize$/u, 1],
      ],
    },
  ] as const
).map((each) => ({ ...each, killAt: afterSteps }));

/** Complete in the full run; otherwise one, drawn by the seed that the run prints. */
const isFull = process.env['TEST_FULL'] === '1';
const seed = Number(process.env['TEST_SEED'] ?? 1);
const all = [...threads, ...withMedia];
const cases = isFull ? all : all.slice(seed % all.length, (seed % all.length) + 1);
const texts = ['Part one', 'Part two', 'Part three'];

let system: TestStack;
let client: Client;
beforeAll(async () => {
  const timing = { CLAIM_LEASE_MS: '4000', PUBLISH_TIMEOUT_MS: '2400', SWEEP_INTERVAL_MS: '500' };
  system = await startTestStack({
    postgresUrl: inject('postgresUrl'),
    redisUrl: null,
    publishers: 0,
    env: { ...timing, RECONCILE_QUIET_MS: '500', BURST_GUARD_SPACING_MS: '1' },
  });
  client = await registerClient(system.api);
}, 120_000);
afterAll(() => system[Symbol.asyncDispose]());

test.each(cases.map((each, index) => ({ ...each, index })))(
  'a publisher killed at every $killAt of a $form on $platform: nothing twice, nothing missing',
  { timeout: 300_000 },
  async ({ platform, form, options, killAt, arrivals, index }) => {
    await send('PUT', `${system.sandbox}/_sandbox/limits`, { platform, scale: 100 });
    const accountId = await connectAccount(client, system.sandbox, platform, `killed${index}`);
    const { externalId } = await client.get<{ externalId: string }>(`/accounts/${accountId}`);
    const files = await filesOf(form);
    const mediaIds: string[] = [];
    for (const file of files) mediaIds.push(await uploadFile(client, system.api, file, ''));
    const before = await requestsOf(platform);

    const [content = '', ...rest] = form === 'thread' ? texts : [`Survives as ${form} ${index}`];
    const { id } = await client.post<{ id: string }>('/posts', {
      content,
      accountIds: [accountId],
      mediaIds,
      thread: rest.map((part) => ({ content: part })),
      ...(options === undefined ? {} : { variants: { [accountId]: { options } } }),
      scheduledAt: new Date(Date.now() + 500).toISOString(),
    });
    expect(await killsUntilOut(id, killAt)).toBeGreaterThanOrEqual(2);

    const { body } = await send(
      'GET',
      `${system.sandbox}/_sandbox/posts?${new URLSearchParams({ platform, account: externalId }).toString()}`,
    );
    const { items, commits } = body as { items: Shown[]; commits: number };
    const shown = items.toReversed();
    expect(commits).toBe(rest.length + 1);
    expect(shown.map(({ text }) => text)).toEqual([content, ...rest]);
    expect(shown.map(({ replyTo }) => replyTo)).toEqual(shown.map((_, part) => shown[part - 1]?.id ?? null));
    expect(shown[0]?.media.map(({ sha256 }) => sha256)).toEqual(files.map(sha256Of));
    const arrived = (await requestsOf(platform)).slice(before.length);
    for (const [path, count] of arrivals)
      expect([path, arrived.filter((request) => path.test(request)).length]).toEqual([path, count]);
  },
);

interface Shown {
  readonly id: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly media: readonly { readonly sha256: string }[];
}

async function filesOf(form: Case['form']): Promise<Buffer[]> {
  switch (form) {
    case 'thread':
      return [];
    case 'pictures':
      return [await jpeg(640, 480), await jpeg(660, 480)];
    case 'film':
      return [movie({ width: 640, height: 360, seconds: 4, dataBytes: 5_000_000 })];
    case 'reel':
      return [movie({ width: 720, height: 1280, seconds: 4, dataBytes: 900_000 })];
  }
}

/** Gives it one publisher after the other until it is out; how many of them were killed. */
async function killsUntilOut(postId: string, killAt: string): Promise<number> {
  const isOut = async () => (await client.get<{ status: string }>(`/posts/${postId}`)).status === 'published';
  const killsMax = 30;
  for (let kills = 0; kills < killsMax; kills += 1) {
    await using publisher = await system.addPublisher({ KILL_AT: killAt }, 'tests/e2e/src/publisher-of-one-step.ts');
    let isKilled = false;
    void publisher.stopped.then(() => (isKilled = true));
    await waitFor(async () => isKilled || (await isOut()), {
      timeoutMs: 60_000,
      intervalMs: 100,
      describe: () => `a step more of ${postId}\n${system.output()}`,
    });
    if (await isOut()) return kills + (isKilled ? 1 : 0);
  }
  throw new Error(`${postId} is not out after ${killsMax} kills`);
}

/** Paths of what was posted, the oldest first. */
async function requestsOf(platform: string): Promise<string[]> {
  const { body } = await send('GET', `${system.sandbox}/_sandbox/requests?platform=${platform}&limit=1000`);
  const { items } = body as { items: { method: string; path: string }[] };
  return items.flatMap(({ method, path }) => (method === 'POST' ? [path] : [])).toReversed();
}

function sha256Of(file: Buffer): string {
  return createHash('sha256').update(file).digest('hex');
}
