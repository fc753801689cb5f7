import { platformIds } from '@vibetribe/contracts/platform-id';
import { hostileAnswers, type HostileServer, secretFor, startHostileServer } from '@vibetribe/testkit/hostile-server';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';

let server: HostileServer;
let api: TestApi;
let token: string;
beforeAll(async () => {
  server = await startHostileServer();
  const env = { SANDBOX_URL: server.origin, SSRF_ALLOW: new URL(server.origin).host, API_RATE_LIMIT: '1000000' };
  api = await startTestApi(inject('postgresUrl'), { env });
  ({ accessToken: token } = await api.register());
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** What a server says is no fault of ours, nor of the caller's: a refusal, or the platform's own trouble. */
const expected = (status: number) => (status >= 200 && status < 500) || status === 502;
/** An account with its limits, or a problem document. */
const answerCharactersMax = 8_000;

interface Platform {
  readonly id: string;
  readonly manualFields: readonly { readonly name: string }[];
}

test(
  'what a server answers while an account is connected ends in an account that can be kept, or in a refusal',
  { timeout: 180_000 },
  async () => {
    const { json } = await api.call('GET', '/api/v1/platforms', { token });
    const platforms = json['items'] as Platform[];
    expect(platforms.map(({ id }) => id).toSorted()).toEqual([...platformIds].toSorted());
    for (const answer of hostileAnswers) {
      const secret = secretFor(answer);
      const tries = platforms.flatMap(({ id, manualFields }) => {
        const credentials = Object.fromEntries(manualFields.map(({ name }) => [name, credentialOf(name, secret)]));
        const manual = api.call('POST', '/api/v1/accounts/manual', { body: { platform: id, credentials }, token });
        return [manual, consent(id, secret)].map(async (called) => ({ id, ...(await called) }));
      });
      for (const { id, status, text } of await Promise.all(tries)) {
        const about = `${id}, ${answer.name}: ${text.slice(0, 300)}`;
        expect(expected(status), `${status} ${about}`).toBe(true);
        expect(text.length, about).toBeLessThan(answerCharactersMax);
        expect(/[\0\u202e\r]/.test(text), about).toBe(false);
      }
    }
    expect(server.requests()).toBeGreaterThan(hostileAnswers.length);
    expect(api.logged()).not.toContain('"level":"error"');
    const listed = await api.call('GET', '/api/v1/accounts?limit=100', { token });
    expect(listed.status).toBe(200);
  },
);

/** Through the consent page and back, as far as the server lets it. */
async function consent(platform: string, secret: string) {
  const begun = await api.call('POST', '/api/v1/accounts/connect', {
    body: { platform, ...(platform === 'mastodon' ? { instance: server.origin } : {}) },
    token,
  });
  if (begun.status !== 200) return begun;
  const state = encodeURIComponent(String(begun.json['state']));
  return api.call('GET', `/api/v1/accounts/callback/${platform}?state=${state}&code=${secret}`);
}

function credentialOf(name: string, secret: string): string {
  if (name === 'instance' || name === 'service') return server.origin;
  return name === 'expiresAt' ? '2031-01-01T00:00:00Z' : secret;
}
