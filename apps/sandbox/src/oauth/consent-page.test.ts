import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

test('a browser gets from the form through the application’s callback to the page that it is sent on to', async () => {
  await using end = await redirecting(null);
  await using application = await redirecting(`${end.url}/console?connectCode=1`);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'vibetribe-sandbox',
    redirect_uri: `${application.url}/callback?from=here`,
    scope: 'tweet.read',
    state: 'a "b" & <c>',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  });
  const address = new URL(`/x/i/oauth2/authorize?${query.toString()}`, sandbox.running.url);
  const page = await fetch(address);
  expect(page.status).toBe(200);
  const way = await submit(page, address, { sandbox_approve: 'ada' });
  expect(way.map(({ origin }) => origin)).toEqual([address.origin, application.url, end.url]);
  expect(Object.fromEntries(way[1]?.searchParams ?? [])).toMatchObject({ from: 'here', state: 'a "b" & <c>' });
  expect(way[1]?.searchParams.get('code')).not.toBe('');
});

/** As Chrome does: the policy of the page holds for the form's own target and for every redirect behind it. */
async function submit(page: Response, address: URL, typed: Record<string, string>): Promise<URL[]> {
  const html = await page.text();
  const action = /<form method="get" action="([^"]*)"/u.exec(html)?.[1] ?? '';
  const hidden = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/gu);
  const fields = [...hidden].map(([, name = '', value = '']) => [decoded(name), decoded(value)] as const);
  const target = new URL(decoded(action), address);
  target.search = new URLSearchParams({ ...Object.fromEntries(fields), ...typed }).toString();
  const sources = /form-action ([^;]*)/u.exec(page.headers.get('content-security-policy') ?? '')?.[1]?.split(' ') ?? [];
  const way: URL[] = [];
  for (let next: string | null = target.href; next !== null && way.length < 9;) {
    const url: URL = new URL(next, way.at(-1) ?? address);
    const isAllowed = sources.includes(url.protocol) || (sources.includes("'self'") && url.origin === address.origin);
    expect([url.origin, isAllowed]).toEqual([url.origin, true]);
    way.push(url);
    next = (await fetch(url, { redirect: 'manual' })).headers.get('location');
  }
  return way;
}

/** The page writes every special character as its number. */
function decoded(text: string): string {
  return text.replace(/&#(\d+);/gu, (_whole, code: string) => String.fromCodePoint(Number(code)));
}

async function redirecting(location: string | null) {
  const server = createServer((_request, response) => {
    response.writeHead(location === null ? 200 : 302, location === null ? {} : { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
