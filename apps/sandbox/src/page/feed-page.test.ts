import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';
import { html } from './html.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const tweet = (token: string, text: string) => sandbox.send('/x/2/tweets', { token, json: { text } });

test('text and attributes are escaped, markup of its own is not', () => {
  const hostile = `"><img src=x onerror='a()'>&\``;
  const { markup } = html`<a title="${hostile}">${[html`<b>${hostile}</b>`]}</a>${null}${7}`;
  expect(markup).not.toContain('<img');
  expect(markup).toBe(
    '<a title="&#34;&#62;&#60;img src=x onerror=&#39;a()&#39;&#62;&#38;&#96;"><b>&#34;&#62;&#60;img src=x onerror=&#39;a()&#39;&#62;&#38;&#96;</b></a>7',
  );
});

test('the page shows posts newest first, for all, one site and one account', async () => {
  const ada = await sandbox.account('x', 'ada');
  const eve = await sandbox.account('x', 'eve');
  await tweet(ada.accessToken, 'the first of ada');
  await tweet(eve.accessToken, 'one of eve');
  await tweet(ada.accessToken, 'the second <b>of ada</b>');
  const all = (await sandbox.send('/')).text;
  expect(all.indexOf('the second')).toBeLessThan(all.indexOf('one of eve'));
  expect(all.indexOf('one of eve')).toBeLessThan(all.indexOf('the first'));
  expect(all).toContain('&#60;b&#62;of ada');
  const one = (await sandbox.send(`/?site=x&account=${eve.account.id}`)).text;
  expect(one).toContain('one of eve');
  expect(one).not.toContain('of ada');
  expect((await sandbox.send('/?site=bluesky')).text).toContain('Nothing has been posted here');
});

test('more than a page of posts is reached by a link', async () => {
  const many = await sandbox.account('x', 'many');
  for (let index = 0; index < 60; index += 1) await tweet(many.accessToken, `page post ${index}.`);
  const first = (await sandbox.send(`/?site=x&account=${many.account.id}`)).text;
  expect(first).toContain('page post 59.');
  expect(first).not.toContain('page post 9.');
  const older = /href="(\/\?[^"]*before=[^"]*)"/.exec(first)?.[1]?.replaceAll('&#38;', '&') ?? '';
  const second = (await sandbox.send(older)).text;
  expect(second).toContain('page post 9.');
  expect(second).not.toContain('page post 10.');
});

test('active faults are told', async () => {
  await sandbox.fault({ kind: 'slow', platform: 'x', account: '<i>', times: 3 });
  expect((await sandbox.send('/')).text).toContain('Fault slow on x, &#60;i&#62;, 3 times; struck 0 times');
});

test('the policy allows the page’s own style and script by their digests and nothing else', async () => {
  const { text, headers } = await sandbox.send('/');
  const policy = headers.get('content-security-policy') ?? '';
  const digest = (content: string | undefined) =>
    `'sha256-${createHash('sha256')
      .update(content ?? '')
      .digest('base64')}'`;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`style-src ${digest(/<style>([^]*?)<\/style>/.exec(text)?.[1])}`);
  expect(policy).toContain(`script-src ${digest(/<script>([^]*?)<\/script>/.exec(text)?.[1])}`);
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text).not.toMatch(/\ssrc=|<link|@import|url\(/);
});
