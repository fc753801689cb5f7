import type { TestApi } from '@vibetribe/api/test-api';
import { newId } from '@vibetribe/db/new-id';
import type { TestSandbox } from '@vibetribe/sandbox/testing/test-sandbox';

export const fuzzPassword = 'correct horse battery staple';

/** The smallest picture there is: one pixel. */
export const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** An organization with one of everything, and whom it has for each role. */
export interface FuzzOrganization {
  readonly id: string;
  readonly emails: Readonly<Record<string, string>>;
  readonly tokens: Map<string, string>;
  refreshToken: string;
}

const publicationStates = [
  `status = 'failed', due_at = null, error = '{"category":"content","code":"refused","message":"No","retryable":false,"manual":null}'`,
  `status = 'unconfirmed', due_at = null`,
  `status = 'published', due_at = null, published_at = now(), platform_post_id = id`,
  `status = 'waiting', waiting_reason = 'rate_limit', waiting_detail = 'A limit'`,
];

/** @param name stands in every text of it, so that one that leaks is seen */
export async function addFuzzOrganization(
  api: TestApi,
  sandbox: TestSandbox,
  name: string,
  password = fuzzPassword,
): Promise<FuzzOrganization> {
  const post = async (path: string, body: unknown, token?: string): Promise<Record<string, unknown>> => {
    const answer = await api.call('POST', `/api/v1${path}`, { body, ...(token === undefined ? {} : { token }) });
    if (answer.status >= 300) throw new Error(`POST ${path} was answered ${answer.status}: ${answer.text}`);
    return answer.json;
  };
  const emailOf = (role: string) => `${role}-${name}@example.org`;
  const registered = await post('/auth/register', {
    email: emailOf('owner'),
    password,
    name: `owner ${name}`,
    organizationName: `organization ${name}`,
  });
  const organizationId = (registered['organization'] as { id: string }).id;
  const owner = String(registered['accessToken']);
  const tokens = new Map([['owner', owner]]);
  const roles = ['admin', 'editor', 'viewer'];
  await Promise.all(
    roles.map(async (role) => {
      await post('/members', { email: emailOf(role), name: `${role} ${name}`, password, role }, owner);
      const signedIn = await post('/auth/login', { email: emailOf(role), password });
      tokens.set(role, String(signedIn['accessToken']));
    }),
  );
  const accountIds: string[] = [];
  for (const platform of ['bluesky', 'mastodon']) {
    const { account, accessToken, appPassword } = await sandbox.account(platform, `${platform}-${name}`);
    const { hosts } = sandbox.running;
    const credentials =
      platform === 'bluesky'
        ? { service: hosts['bluesky'], handle: account.handle, appPassword }
        : { instance: hosts['mastodon'], accessToken };
    accountIds.push(String((await post('/accounts/manual', { platform, credentials }, owner))['id']));
  }
  const scheduledAt = new Date(Date.now() + 86_400_000).toISOString();
  for (const state of [null, null, ...publicationStates]) {
    const made = await post('/posts', { content: `post ${name}`, accountIds, scheduledAt }, owner);
    if (state !== null)
      await api.sql(`update publications set ${state} where post_id = $1 and account_id = $2`, [
        made['id'],
        accountIds[0],
      ]);
  }
  await post('/posts', { content: `draft ${name}`, accountIds, draft: true }, owner);
  await post('/api-keys', { name: `key ${name}`, scopes: ['read'] }, owner);
  await post('/pauses', { scope: 'account', id: accountIds[1], reason: `pause ${name}` }, owner);
  const webhook = await post('/webhooks', { url: `${sandbox.running.url}/hooks/x`, events: ['publication.*'] }, owner);
  await post(`/webhooks/${String(webhook['id'])}/test`, undefined, owner);
  await post('/invitations', { email: `invited-${name}@example.org`, role: 'viewer' }, owner);
  await uploadPixel(api, owner);
  await api.sql(
    `insert into notifications (id, organization_id, kind, title, body) values ($1, $2, 'publication_failed', $3, 'x')`,
    [newId('notification'), organizationId, `notification ${name}`],
  );
  return {
    id: organizationId,
    emails: Object.fromEntries(['owner', ...roles].map((role) => [role, emailOf(role)])),
    tokens,
    refreshToken: String(registered['refreshToken']),
  };
}

async function uploadPixel(api: TestApi, token: string): Promise<void> {
  const form = new FormData();
  form.set('file', new Blob([pixel]), 'pixel.png');
  const answer = await fetch(`${api.replicas[0]?.url ?? ''}/api/v1/media/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  if (answer.status !== 201) throw new Error(`the upload was answered ${answer.status}: ${await answer.text()}`);
}
