import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import type { VisiblePart } from '../port/account.ts';
import { adapters } from '../registry.ts';
import {
  type Access,
  type ConformanceStage,
  type Connected,
  failureOf,
  openConformanceStage,
  type Publication,
  publishedPart,
} from '../testing/test-conformance.ts';
import { commentsOnly, startPublication } from '../testing/test-platform.ts';
import { publishThrough } from '../testing/test-publish.ts';

/** What is done with a post that is out. */
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
  const endpoints = () => on().endpoints;
  afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

  describe.runIf(adapter.comments !== undefined)('a comment below the post', () => {
    async function commentOn(connected: Connected, text: string) {
      const { kind: _kind, ...root } = publishedPart(await published(publicationOf(connected, 'to be commented on')));
      const { comments } = adapter;
      if (comments === undefined) throw new Error('no comments');
      const { account, credentials } = connected;
      return startPublication({
        adapter: commentsOnly(adapter, comments),
        endpoints: endpoints(),
        client: on().client,
        account,
        ...accessOf(credentials, account),
        replyTo: { root, parent: root },
        content: { text, options: {}, media: [] },
        timeoutMs: 700,
      });
    }

    test.each(['reset-after', 'error-after'])('in doubt after %s is found', async (kind) => {
      const connected = await connectByHand();
      const comment = await commentOn(connected, `First! ${kind}`);
      await breakSend(connected, comment, kind);
      expect((await failureOf(comment.publish())).kind).toBe('ambiguous');
      expect(await comment.reconcile()).toMatchObject({ kind: 'found' });
    });

    test('in doubt after a send that did not arrive is not seen, and sent again', async () => {
      const connected = await connectByHand();
      const comment = await commentOn(connected, 'First, at the second try');
      await breakSend(connected, comment, 'reset-before');
      expect((await failureOf(comment.publish())).kind).toBe('ambiguous');
      expect(await comment.reconcile()).toMatchObject({ kind: 'not_seen' });
      const fate = publishedPart(await comment.publish());
      expect(await comment.reconcile()).toMatchObject({ kind: 'found', platformPostId: fate.platformPostId });
    });
  });

  describe.runIf(adapter.rules.thread !== null)('a thread', () => {
    async function threadOn(connected: Connected, texts: readonly string[]) {
      const { account, credentials } = connected;
      const access = { account, ...accessOf(credentials, account) };
      const place = { adapter, endpoints: endpoints(), client: on().client, timeoutMs: 700 };
      const { kind: _kind, ...root } = publishedPart(await published(publicationOf(connected, 'Part 1')));
      const done: VisiblePart[] = [root];
      for (const text of texts) {
        const replyTo = { root, parent: done.at(-1) ?? root };
        const part = startPublication({ ...place, ...access, replyTo, content: { text, options: {}, media: [] } });
        const { kind: _part, ...visiblePart } = publishedPart(await published(part));
        done.push(visiblePart);
      }
      const replyTo = { root, parent: done.at(-1) ?? root };
      const next = (text: string) =>
        startPublication({ ...place, ...access, replyTo, content: { text, options: {}, media: [] } });
      return { ids: done.map(({ platformPostId }) => platformPostId), next };
    }

    test('has each part as an answer to the one before', async () => {
      const connected = await connectByHand();
      const { ids } = await threadOn(connected, ['Part 2', 'Part 3']);
      const { items, commits } = await visible(connected);
      expect(commits).toBe(3);
      expect(items.toReversed().map(({ id, text, replyTo }) => [id, text, replyTo])).toEqual([
        [ids[0], 'Part 1', null],
        [ids[1], 'Part 2', ids[0]],
        [ids[2], 'Part 3', ids[1]],
      ]);
    });

    test.each(['reset-after', 'error-after'])(
      'of which a part in doubt after %s is found, and answered',
      async (kind) => {
        const connected = await connectByHand();
        const { next } = await threadOn(connected, []);
        const part = next(`Part 2 ${kind}`);
        await breakSend(connected, part, kind);
        expect((await failureOf(part.publish())).kind).toBe('ambiguous');
        const found = await part.reconcile();
        const { items } = await visible(connected);
        expect(found).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
      },
    );

    test('of which a part that did not arrive is not seen, and sent again', async () => {
      const connected = await connectByHand();
      const { next } = await threadOn(connected, []);
      const part = next('Part 2, at the second try');
      await breakSend(connected, part, 'reset-before');
      expect((await failureOf(part.publish())).kind).toBe('ambiguous');
      expect(await part.reconcile()).toMatchObject({ kind: 'not_seen' });
      expect(await published(part)).toMatchObject({ kind: 'published' });
      expect(await visible(connected)).toMatchObject({ commits: 2 });
    });
  });

  describe.runIf(adapter.remove !== undefined && adapter.keepsPosts === undefined)('a post that is taken off', () => {
    test('is gone, and taking it off again is told as such', async () => {
      const connected = await connectByHand();
      const { kind: _kind, ...post } = publishedPart(await published(publicationOf(connected, 'short-lived')));
      const { account, credentials } = connected;
      const remove = () =>
        adapter.remove?.({
          endpoints: endpoints(),
          http: on().http(),
          account,
          ...accessOf(credentials, account),
          post,
        });
      expect(await remove()).toBe('removed');
      expect(await visible(connected)).toMatchObject({ items: [] });
      expect(await remove()).toBe('already_gone');
    });
  });

  test.runIf(adapter.edit !== undefined)('an edited post shows its new text', async () => {
    const connected = await connectByHand();
    const { kind: _kind, ...post } = publishedPart(await published(publicationOf(connected, 'with a mistkae')));
    const { account, credentials } = connected;
    const call = { endpoints: endpoints(), http: on().http(), account, ...accessOf(credentials, account), post };
    for (const _ of [1, 2]) await adapter.edit?.({ ...call, content: { text: 'with no mistake', options: {} } });
    expect(await visible(connected)).toMatchObject({ commits: 1, items: [{ text: 'with no mistake' }] });
  });
});
