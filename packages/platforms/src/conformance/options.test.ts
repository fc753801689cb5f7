import { type PlatformId, platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adapters } from '../registry.ts';
import { type ConformanceStage, openConformanceStage } from '../testing/test-conformance.ts';
import { testPhoto, testVideo } from '../testing/test-media.ts';
import { publishThrough } from '../testing/test-publish.ts';

/** Options with what the platform then shows, by its own names, beside text and media. */
interface Example {
  readonly options: Readonly<Record<string, unknown>>;
  readonly pictures?: number;
  readonly isFilm?: boolean;
  readonly shown: Readonly<Record<string, unknown>>;
  /** Where it answers another post. */
  readonly repliesTo?: string;
}

/** An earlier post of the account. */
interface Other {
  readonly id: string;
  readonly url: string;
  readonly handle: string;
}

const examples: Partial<Record<PlatformId, (other: Other) => Example[]>> = {
  x: ({ id, url }) => [
    {
      options: { replySettings: 'following', communityId: '42', shareWithFollowers: true },
      shown: { reply_settings: 'following', community_id: '42', share_with_followers: true },
    },
    {
      options: { poll: { options: ['Tea', 'Coffee'], durationMinutes: 60 }, madeWithAi: true, paidPartnership: true },
      shown: {
        poll: { options: ['Tea', 'Coffee'], duration_minutes: 60 },
        made_with_ai: true,
        paid_partnership: true,
      },
    },
    { options: { quote: url, longPost: true }, shown: { quote_tweet_id: id } },
  ],
  mastodon: ({ id, url }) => [
    {
      options: { visibility: 'unlisted', spoilerText: 'Tea inside', language: 'de', sensitive: true },
      shown: { visibility: 'unlisted', spoiler_text: 'Tea inside', language: 'de', sensitive: true },
    },
    {
      options: { poll: { options: ['Tea', 'Coffee'], durationMinutes: 60, multiple: true, hideTotals: true } },
      shown: { poll: { options: ['Tea', 'Coffee'], expires_in: 3_600, multiple: true, hide_totals: true } },
    },
    { options: { focalPoints: [{ x: -0.5, y: 1 }] }, pictures: 1, shown: { focus: [{ x: -0.5, y: 1 }] } },
    {
      options: { replyTo: url, quote: url, quotePolicy: 'nobody' },
      shown: { quoted_status_id: id, quote_approval_policy: 'nobody' },
      repliesTo: id,
    },
  ],
  youtube: ({ handle }) => [
    {
      options: {
        title: 'Tea',
        tags: ['tea', 'green tea'],
        category: 'howto',
        privacy: 'unlisted',
        madeForKids: true,
        syntheticMedia: true,
        embeddable: false,
        license: 'creativeCommon',
        publicStats: false,
        language: 'de',
        notifySubscribers: false,
        playlistId: `PL-${handle}`,
      },
      shown: {
        title: 'Tea',
        tags: ['tea', 'green tea'],
        categoryId: '26',
        privacyStatus: 'unlisted',
        selfDeclaredMadeForKids: true,
        containsSyntheticMedia: true,
        embeddable: false,
        license: 'creativeCommon',
        publicStatsViewable: false,
        defaultLanguage: 'de',
        playlists: [`PL-${handle}`],
      },
    },
  ],
  'google-business': () => [
    {
      options: { language: 'de', callToAction: { type: 'learn_more', url: 'https://example.com/tea' } },
      shown: {
        languageCode: 'de',
        topicType: 'STANDARD',
        callToAction: { actionType: 'LEARN_MORE', url: 'https://example.com/tea' },
      },
    },
    {
      options: {
        topic: 'offer',
        event: { title: 'Tea', startDate: '2026-12-24', startTime: '09:05', endDate: '2026-12-25', endTime: '18:30' },
        offer: { couponCode: 'TEA', redeemUrl: 'https://example.com/tea', terms: 'Once.' },
      },
      shown: {
        topicType: 'OFFER',
        event: {
          title: 'Tea',
          schedule: {
            startDate: { year: 2026, month: 12, day: 24 },
            startTime: { hours: 9, minutes: 5 },
            endDate: { year: 2026, month: 12, day: 25 },
            endTime: { hours: 18, minutes: 30 },
          },
        },
        offer: { couponCode: 'TEA', redeemOnlineUrl: 'https://example.com/tea', termsConditions: 'Once.' },
      },
    },
  ],
  discord: () => [
    { options: { suppressEmbeds: true, silent: true }, shown: { flags: 4_100, allowed_mentions: { parse: [] } } },
    {
      options: { mentions: { everyone: true, users: ['80351110224678912'], roles: ['165511591545143296'] } },
      shown: {
        allowed_mentions: { parse: ['everyone'], users: ['80351110224678912'], roles: ['165511591545143296'] },
      },
    },
    {
      options: {
        embeds: [{ title: 'Tea', description: 'How to make it', color: 255, fields: [{ name: 'a', value: 'b' }] }],
      },
      shown: {
        embeds: [{ title: 'Tea', description: 'How to make it', color: 255, fields: [{ name: 'a', value: 'b' }] }],
      },
    },
    {
      options: { spoiler: true },
      pictures: 1,
      shown: { fileNames: [expect.stringMatching(/^SPOILER_media-/u)] },
    },
  ],
  tiktok: () => [
    {
      options: {
        postAs: 'post',
        privacyLevel: 'MUTUAL_FOLLOW_FRIENDS',
        disableComment: true,
        disableDuet: true,
        disableStitch: true,
        brandContent: true,
        yourBrand: true,
        madeWithAi: true,
        coverOffsetMs: 1_000,
      },
      isFilm: true,
      shown: {
        privacy_level: 'MUTUAL_FOLLOW_FRIENDS',
        disable_comment: true,
        disable_duet: true,
        disable_stitch: true,
        brand_content_toggle: true,
        brand_organic_toggle: true,
        is_aigc: true,
        video_cover_timestamp_ms: 1_000,
      },
    },
    {
      options: { title: 'Tea', photoCoverIndex: 0, autoAddMusic: true, disableComment: true, brandContent: true },
      pictures: 1,
      shown: { title: 'Tea', auto_add_music: true, disable_comment: true, brand_content_toggle: true },
    },
  ],
  bluesky: ({ id, url, handle }) => [
    {
      options: {
        langs: ['de', 'pt-BR'],
        labels: ['graphic-media'],
        tags: ['tea'],
        replies: ['mentioned', 'following'],
        quotes: 'off',
      },
      shown: {
        langs: ['de', 'pt-BR'],
        tags: ['tea'],
        labels: { values: [{ val: 'graphic-media' }] },
      },
    },
    {
      options: { quote: url },
      shown: { embed: { $type: 'app.bsky.embed.record', record: { uri: id } } },
    },
    {
      options: { card: { url: 'https://example.com/tea', title: 'Tea', description: 'How to make it' } },
      shown: {
        embed: {
          $type: 'app.bsky.embed.external',
          external: { uri: 'https://example.com/tea', title: 'Tea', description: 'How to make it' },
        },
      },
    },
    {
      options: { quote: id, replyTo: `https://bsky.app/profile/${handle}/post/${id.split('/').at(-1) ?? ''}` },
      pictures: 1,
      shown: { embed: { $type: 'app.bsky.embed.recordWithMedia', record: { record: { uri: id } } } },
      repliesTo: id,
    },
  ],
};

describe.each(platformIds)('%s', (platform) => {
  test('says of each option what it is, with an example that it takes', () => {
    const { options } = adapters[platform].rules;
    for (const [name, { description, examples: given }] of Object.entries(propertiesOf(platform))) {
      const option = options instanceof z.ZodObject ? options.shape[name] : undefined;
      expect(description, name).toMatch(/\.$/u);
      expect(given.length, name).toBeGreaterThan(0);
      for (const example of given) expect(option?.safeParse(example).success, name).toBe(true);
    }
  });
});

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const JsonSchema = z.object({
  properties: z
    .record(z.string(), z.object({ description: z.string().default(''), examples: z.array(z.unknown()).default([]) }))
    .default({}),
});

function propertiesOf(platform: PlatformId) {
  return JsonSchema.parse(z.toJSONSchema(adapters[platform].rules.options, { io: 'input' })).properties;
}

/** Of webhooks and forums: `discord/webhook.test.ts`, `discord/forum.test.ts`. */
const ofWebhooks = new Set(['threadId', 'forumPost']);

const none = { id: '1', url: 'https://example.com/1', handle: 'ada' };

describe.each(Object.keys(examples) as (keyof typeof examples)[])('%s', (platform) => {
  const examplesFor = (other: Other) => examples[platform]?.(other) ?? [];

  test('has an example of each option', () => {
    const properties = propertiesOf(platform);
    const shown = new Set(examplesFor(none).flatMap(({ options }) => Object.keys(options)));
    expect([...shown].toSorted()).toEqual(
      Object.keys(properties)
        .filter((name) => name !== 'firstComment' && !ofWebhooks.has(name))
        .toSorted(),
    );
  });

  test('each option arrives', async () => {
    const on = stage.on(platform);
    const connected = await on.connectByHand();
    const first = await publishThrough(stage.sandbox, on.publicationOf(connected, 'the first'));
    if (first.kind !== 'published') throw new Error('the first is not out');
    const other = { id: first.platformPostId, url: first.url ?? '', handle: connected.account.handle };
    for (const [index, { options, pictures = 0, isFilm, shown, repliesTo = null }] of examplesFor(other).entries()) {
      const text = `option ${index}`;
      const film = isFilm === true ? [testVideo(2_000_000)] : [];
      const media = [...film, ...Array.from({ length: pictures }, () => stage.media.serve(testPhoto('a picture')))];
      const findings = adapters[platform].validate({ text, options, media: [] }, connected.account);
      const faults = findings.filter(({ severity }) => severity === 'error');
      expect(faults, JSON.stringify(options)).toEqual([]);
      const more = media.length === 0 ? { options } : { options, media };
      await publishThrough(stage.sandbox, on.publicationOf(connected, text, 10_000, more));
      const { items } = await on.visible(connected);
      expect(items[0]).toMatchObject({ text, details: shown, replyTo: repliesTo });
      const least = adapters[platform].rules.media.required ? 1 : 0;
      expect(items[0]?.media).toHaveLength(Math.max(media.length, least));
    }
  });
});

test('who may answer and quote on Bluesky stands in records under the key of the post', async () => {
  const on = stage.on('bluesky');
  const connected = await on.connectByHand();
  const options = { replies: 'nobody', quotes: 'off' };
  const post = await publishThrough(stage.sandbox, on.publicationOf(connected, 'closed', 10_000, { options }));
  if (post.kind !== 'published') throw new Error('it is not out');
  const { externalId: repo, service } = connected.account;
  const recordOf = async (collection: string) => {
    const rkey = post.platformPostId.split('/').at(-1) ?? '';
    const parameters = new URLSearchParams({ repo, collection, rkey });
    return (await fetch(`${service}/xrpc/com.atproto.repo.getRecord?${parameters.toString()}`)).json();
  };
  expect(await recordOf('app.bsky.feed.threadgate')).toMatchObject({ value: { post: post.platformPostId, allow: [] } });
  expect(await recordOf('app.bsky.feed.postgate')).toMatchObject({
    value: { post: post.platformPostId, embeddingRules: [{ $type: 'app.bsky.feed.postgate#disableRule' }] },
  });
});
