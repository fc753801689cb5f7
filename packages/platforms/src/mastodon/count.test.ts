import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { opened } from '../testing/test-connect.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient } from '../testing/test-platform.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';
import { mastodon } from './index.ts';
import { countMastodon, mastodonTextMax } from './text.ts';

const client = openTestClient('mastodon');
let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

const parts = [
  ['https://example.com', 'https://build.corp', 'https://ada:pw@example.com', 'http://bücher.de', 'ipfs://a.org'],
  ['/a', '/(b)', '/((c)d)', '?q=1', '#frag', ':8080', '/日本', '/a_b-c.html'],
  ['@bob', '@bob@host.example', '@bob.', '@', '#tag', 'word', ' ', ' ', '\n', '.', ',', '!', '…', ':', ';', '-', '_'],
  ['(', ')', '[', ']', '<', '>', '"', '“', '”', "'", '「', '」', '。', '、', '日本', '👩‍👩‍👧', 'é', '&', '/', '='],
].flat();

/** Two readings of Mastodon's rules, written apart from each other. */
test(
  'what is counted as 500 is taken, and one more is refused, whatever stands in the text',
  { timeout: 60_000 },
  async () => {
    const made = await sandbox.makeAccount('mastodon');
    const credentials = { instance: String(sandbox.hosts['mastodon']), accessToken: String(made['accessToken']) };
    const grant = await mastodon.manual?.connect({
      endpoints: testEndpoints(),
      http: client.http(),
      credentials,
      now: new Date(),
    });
    if (grant === undefined) throw new Error('Mastodon cannot be connected by hand');
    await sandbox.control('PUT', '/_sandbox/limits', { platform: 'mastodon', scale: 1_000 });
    const { accessToken } = opened(grant).credentials;
    const statusOf = async (status: string) => {
      const answer = await client.http().request({
        method: 'POST',
        url: `${credentials.instance}/api/v1/statuses`,
        headers: { authorization: `Bearer ${accessToken}` },
        body: { json: { status } },
      });
      return answer.status;
    };
    const seed = Date.now() % 100_000;
    const texts = fc.sample(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 14 }), {
      numRuns: 150,
      seed,
    });
    for (const drawn of texts) {
      const base = `x ${drawn.join('')} `;
      const fitting = base + 'a'.repeat(mastodonTextMax - countMastodon(base));
      const what = `seed ${seed}: ${JSON.stringify(base)}`;
      expect(await statusOf(fitting), what).toBe(200);
      expect(await statusOf(`${fitting}a`), what).toBe(422);
    }
  },
);
