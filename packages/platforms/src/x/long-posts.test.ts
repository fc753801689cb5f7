import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConformanceStage, failureOf, openConformanceStage } from '../testing/test-conformance.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { startRoutes } from '../testing/test-platform.ts';
import { whoAmI } from './api.ts';
import { x } from './index.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const long = 'word '.repeat(200).trim();

test('an account of which X says that it may writes long posts without an option; others need one, and X decides', async () => {
  const on = stage.on('x');
  const connect = async (name: string) => {
    const handle = `${name}${stage.sandbox.newHandle()}`;
    return on.connectAs(await stage.sandbox.control('POST', '/_sandbox/accounts', { platform: 'x', handle }));
  };
  const [premium, plain] = [await connect('premium'), await connect('plain')];
  const codes = ({ account }: typeof plain, options = {}) =>
    x.validate({ text: long, media: [], options }, account).map(({ code }) => code);
  expect(premium.account.serverRules?.textMax).toBe(25_000);
  expect([codes(premium), codes(plain)]).toEqual([[], ['text_too_long']]);
  expect([codes(premium, { longPost: false }), codes(plain, { longPost: true })]).toEqual([['text_too_long'], []]);
  await on.publicationOf(premium, long).publish();
  expect((await on.visible(premium)).items).toMatchObject([{ text: long }]);
  expect(await failureOf(on.publicationOf(plain, long).publish())).toMatchObject({ kind: 'content' });
});

test.each([
  [{ subscription_type: 'PremiumPlus' }, 25_000],
  [{ subscription_type: 'Basic', verified_type: 'none' }, 25_000],
  [{ verified_type: 'blue' }, 25_000],
  [{ subscription_type: 'None', verified_type: 'government' }, 280],
  [{}, undefined],
])('%j', async (told, textMax) => {
  const data = { id: '7', name: 'Ada', username: 'ada', ...told };
  await using server = await startRoutes({ 'GET /2/users/me': () => ({ json: { data } }) });
  const endpoints = testEndpoints({ api: server.origin });
  const account = await whoAmI({ endpoints, http: stage.on('x').http(), accessToken: 'token' });
  expect(account.serverRules?.textMax).toBe(textMax);
  expect(server.seen[0]?.query['user.fields']?.split(',')).toEqual(['subscription_type', 'verified_type']);
});

test('a long text is found again after a lost answer', async () => {
  const on = stage.on('x');
  const handle = `premium${stage.sandbox.newHandle().slice(0, 7)}`;
  const connected = await on.connectAs(
    await stage.sandbox.control('POST', '/_sandbox/accounts', { platform: 'x', handle }),
  );
  const text = `Long. ${'Words and https://example.com/a links & more. '.repeat(40)}end`;
  const publication = on.publicationOf(connected, text);
  await on.breakSend(connected, publication, 'reset-after');
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  const visible = await on.visible(connected);
  expect(visible.items.map((post) => post.text)).toEqual([text]);
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: visible.items[0]?.id });
});
