import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import { type ConformanceStage, failureOf, openConformanceStage, publishedPart } from '../testing/test-conformance.ts';
import { type TestMedia, testPicture, testVideo } from '../testing/test-media.ts';
import { startPublication } from '../testing/test-platform.ts';
import { publishStopped, publishThrough, reachSend } from '../testing/test-publish.ts';
import { facebook } from './index.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

async function start(content: { text?: string; options?: Record<string, unknown>; media?: TestMedia[] }) {
  const on = stage.on('facebook');
  const { endpoints, client } = on;
  const connected = await on.connectByHand();
  const { account, credentials } = connected;
  const publication = startPublication({
    adapter: facebook,
    endpoints,
    client,
    account,
    ...accessOf(credentials, account),
    content: { text: '', options: {}, media: [], ...content },
    timeoutMs: 2_000,
  });
  const breakNext = (kind: string) =>
    stage.sandbox.control('POST', '/_sandbox/faults', {
      platform: 'facebook',
      account: account.externalId,
      method: 'POST',
      times: 1,
      kind,
    });
  return { publication, visible: () => on.visible(connected), breakNext };
}

const forms: [string, () => Parameters<typeof start>[0]][] = [
  ['a link', () => ({ text: 'Look', options: { link: 'https://example.com/' } })],
  ['photos', () => ({ text: 'Three', media: [testPicture('A'), testPicture('B'), testPicture('C')] })],
  ['a video in pieces', () => ({ text: 'Film', options: { title: 'T' }, media: [testVideo(9_000_000)] })],
  ['a reel', () => ({ text: 'Reel', options: { videoAs: 'reel' }, media: [testVideo(7_000_000)] })],
];

test.each(forms)('%s, stopped between every two steps: there once, its files sent once', async (_what, content) => {
  const given = content();
  const { publication, visible } = await start(given);
  const { platformPostId } = publishedPart(await publishStopped(stage.sandbox, publication));
  const { items, commits } = await visible();
  expect({ commits, items }).toMatchObject({ commits: 1, items: [{ id: platformPostId, text: given.text }] });
  expect(items[0]?.media).toMatchObject((given.media ?? []).map(({ sha256, bytes }) => ({ sha256, bytes })));
  expect(given.media?.map(({ reads }) => reads.bytes)).toEqual(given.media?.map(({ bytes }) => bytes));
});

test.each(
  forms.flatMap(([what, content]) =>
    ['reset-after', 'error-after', 'timeout-after'].map((kind) => [what, kind, content] as const),
  ),
)('%s, in doubt after %s, is found as soon as Facebook has worked on it', async (_what, kind, content) => {
  const { publication, visible, breakNext } = await start(content());
  await reachSend(stage.sandbox, publication);
  await breakNext(kind);
  expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
  let finding = await publication.reconcile();
  if (finding.kind === 'inconclusive') {
    await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 5_000 });
    finding = await publication.reconcile();
  }
  const { items, commits } = await visible();
  expect(finding).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
  expect(commits).toBe(1);
});

test.each(forms)(
  '%s, in doubt after a send that did not arrive, is not seen, and goes out at the next try',
  async (_what, content) => {
    const { publication, visible, breakNext } = await start(content());
    await reachSend(stage.sandbox, publication);
    await breakNext('reset-before');
    expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
    expect(await publishThrough(stage.sandbox, publication)).toMatchObject({ kind: 'published' });
    expect(await visible()).toMatchObject({ commits: 1 });
  },
);
