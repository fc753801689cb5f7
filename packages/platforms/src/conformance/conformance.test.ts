import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { adapters } from '../registry.ts';
import {
  type Access,
  type ConformanceStage,
  type Connected,
  failureOf,
  idOf,
  openConformanceStage,
  type Publication,
} from '../testing/test-conformance.ts';
import { publishThrough } from '../testing/test-publish.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];
  const on = () => stage.on(platform);
  const connectByHand = () => on().connectByHand();
  const publicationOf = (connected: Access, text: string, timeoutMs?: number) =>
    on().publicationOf(connected, text, timeoutMs);
  const published = (publication: Publication) => publishThrough(stage.sandbox, publication);
  const breakSend = (connected: Connected, publication: Publication, kind: string, more?: object) =>
    on().breakSend(connected, publication, kind, more);
  const visible = (connected: Connected) => on().visible(connected);
  afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

  test('publishes the text as it is, once', async () => {
    const connected = await connectByHand();
    const { refused = '' } = adapter.rules.text;
    const text = Array.from('Grüße aus 日本 👩‍👩‍👧 & <b>more</b>\n\nhttps://example.com/a?b=1&c=2 #tag')
      .filter((character) => !refused.includes(character))
      .join('');
    const fate = await published(publicationOf(connected, text));
    expect(await visible(connected)).toMatchObject({ commits: 1, items: [{ id: idOf(fate), text }] });
  });

  test('published again under the same key it stands there once', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'twice under one key');
    const first = await published(publication);
    publication.forget('publish');
    if (adapter.reconciliation.repeat === 'made_again') {
      expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: idOf(first) });
      return;
    }
    const second = await published(publication).catch((error: unknown) => error);

    expect(await visible(connected)).toMatchObject({ commits: 1 });
    // Without a key the platform refuses it, or it is looked for before.
    const isRefused = second instanceof PlatformError;
    if (adapter.reconciliation.means === 'key') expect(isRefused).toBe(false);
    expect(second).toMatchObject(isRefused ? { kind: 'duplicate' } : first);
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: idOf(first) });
  });

  test.each(['reset-after', 'timeout-after', 'error-after'])('in doubt after %s, the post is found', async (kind) => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, `done, but ${kind}: https://example.com & more \u2764\uFE0F`, 700);
    await breakSend(connected, publication, kind);
    expect((await failureOf(publication.publish())).kind).toBe('ambiguous');

    const { items } = await visible(connected);
    const found = { kind: 'found', platformPostId: items[0]?.id };
    expect(await publication.reconcile()).toMatchObject(found);
    // Platforms and what stands before them give texts back without the signs that nobody sees.
    expect(await publication.reconcile({ http: withoutSelectors(on().http()) })).toMatchObject(found);
    expect(items).toHaveLength(1);
  });

  test.each(['http-500', 'http-503', 'timeout', 'reset-before', 'garbage'])(
    'in doubt after %s, the post is not seen and can be sent again',
    async (kind) => {
      const connected = await connectByHand();
      const publication = publicationOf(connected, `not done: ${kind}`, 700);
      await breakSend(connected, publication, kind);
      expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
      expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
      expect(await published(publication)).toMatchObject({ kind: 'published' });
      expect(await visible(connected)).toMatchObject({ commits: 1 });
    },
  );

  test('two equal texts in doubt are told apart by who has which', async () => {
    const connected = await connectByHand();
    const first = await published(publicationOf(connected, 'equal texts'));
    const takenPostIds = new Set([idOf(first)]);
    const second = publicationOf(connected, 'equal texts', 700);
    await breakSend(connected, second, 'timeout');
    expect((await failureOf(second.publish())).kind).toBe('ambiguous');
    expect(await second.reconcile({ takenPostIds })).toMatchObject({ kind: 'not_seen' });
  });

  test('a listing that lags hides the post for a while only', async () => {
    const connected = await connectByHand();
    const { externalId: account } = connected.account;
    await stage.sandbox.control('POST', '/_sandbox/faults', { platform, account, kind: 'listing-lag', delayMs: 400 });
    const publication = publicationOf(connected, 'shown late');
    const found = { kind: 'found', platformPostId: idOf(await published(publication)) };
    const isFound = async () => expect(await publication.reconcile()).toMatchObject(found);
    await vi.waitFor(isFound, { timeout: 5_000, interval: 100 });
  });

  test('a rate limit tells the wait and does nothing', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'too fast');
    await breakSend(connected, publication, 'rate-limit', { retryAfterSeconds: 120 });
    const failure = await failureOf(publication.publish());
    expect(failure.kind).toBe('rate_limit');
    expect(failure.retryAfterMs).toBeGreaterThan(115_000);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(122_000);
    expect(await visible(connected)).toMatchObject({ commits: 0 });
  });

  test('a limit that tells no wait is one all the same, and does nothing', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'too fast, says nobody for how long');
    await breakSend(connected, publication, 'rate-limit');
    const failure = await failureOf(publication.publish());
    expect(failure.kind).toMatch(/^(rate_limit|quota)$/u);
    if (failure.retryAfterMs !== null) expect(failure.retryAfterMs).toBeGreaterThan(0);
    expect(await visible(connected)).toMatchObject({ commits: 0 });
  });

  test('a token that ends in the middle ends nothing: what was prepared goes out with the next one', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'with a token that ended on the way');
    await breakSend(connected, publication, 'token-expired');
    expect((await failureOf(publication.publish())).kind).toMatch(/^auth_/u);
    expect(await visible(connected)).toMatchObject({ commits: 0 });
    expect(await published(publication)).toMatchObject({ kind: 'published' });
    expect(await visible(connected)).toMatchObject({ commits: 1 });
  });

  test('a missing permission is named as one', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'may not');
    await breakSend(connected, publication, 'permission');
    expect((await failureOf(publication.publish())).kind).toBe('permission');
  });

  test('a platform that is down is never taken for a refusal', async () => {
    const connected = await connectByHand();
    const { externalId: account } = connected.account;
    await stage.sandbox.control('POST', '/_sandbox/faults', { platform, account, kind: 'down' });
    const failure = await failureOf(publicationOf(connected, 'down').publish());
    expect(['network', 'ambiguous']).toContain(failure.kind);
  });

  test('the platform accepts what is at its limit and refuses what is over, as the rules say', async () => {
    const connected = await connectByHand();
    const { text: rules } = adapter.rules;
    const faultsOf = (text: string) =>
      adapter
        .validate({ text, options: {}, media: [] }, connected.account)
        .filter(({ severity }) => severity === 'error');
    const fitting = 'é'.repeat(Math.floor(rules.max / rules.count('é')));
    for (const text of [fitting, fitting.slice(1)]) {
      expect(faultsOf(text)).toEqual([]);
      expect(await published(publicationOf(connected, text))).toMatchObject({ kind: 'published' });
    }

    const tooLong = `${fitting}é`;
    expect(faultsOf(tooLong)).toHaveLength(1);
    expect(await failureOf(published(publicationOf(connected, tooLong)))).toMatchObject({
      kind: expect.stringMatching(/^(content|permission)$/u),
    });
  });

  test('asks for nothing that the platform does not have', async () => {
    const stats = await stage.sandbox.control('GET', '/_sandbox/stats');
    expect(stats).toMatchObject({ unknownRoutes: [] });
  });
});

/** Answers as they came, but for the selectors of emoji. */
function withoutSelectors(http: PlatformHttp): PlatformHttp {
  return {
    async request(asked) {
      const answer = await http.request(asked);
      return { ...answer, json: JSON.parse(JSON.stringify(answer.json ?? null).replaceAll('\uFE0F', '')) };
    },
  };
}
