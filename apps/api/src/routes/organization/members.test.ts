import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@vibetribe/contracts/audit';
import type { SignedIn } from '@vibetribe/contracts/auth';
import type { CreatedInvitation, Member } from '@vibetribe/contracts/member';
import type { Role } from '@vibetribe/contracts/role';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type CallOptions, startTestApi, testPassword, type TestApi } from '../../test-api.ts';

type Registered = Awaited<ReturnType<TestApi['register']>>;

let api: TestApi;
let owner: Registered;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2, env: { LOGIN_RATE_LIMIT: '100' } });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  owner = await api.register();
});

const as =
  (user: { accessToken: string }) =>
  (method: string, path: string, options: CallOptions = {}) =>
    api.call(method, `/api/v1${path}`, { token: user.accessToken, ...options });
const newEmail = () => `user-${randomUUID()}@example.com`;

async function inviteTo(by: { accessToken: string }, role: Role, email = newEmail()): Promise<CreatedInvitation> {
  const { status, json, text } = await as(by)('POST', '/invitations', { body: { email, role } });
  expect(status, text).toBe(201);
  return json as unknown as CreatedInvitation;
}

const accept = (body: object, token?: string) =>
  api.call('POST', '/api/v1/invitations/accept', { body, ...(token === undefined ? {} : { token }) });

/** A newcomer with this role in the owner's organization. */
async function join(role: Role, by: { accessToken: string } = owner): Promise<SignedIn> {
  const { token } = await inviteTo(by, role);
  const { status, json, text } = await accept({ token, name: 'Grace', password: testPassword });
  expect(status, text).toBe(200);
  return json as unknown as SignedIn;
}

const roleOf = async (user: SignedIn) => (await as(user)('GET', '/auth/me')).json['role'];

describe('invitations', () => {
  test('a newcomer joins with the token, once, and is signed in; the token is shown once and stored hashed', async () => {
    const { token, acceptUrl, ...invitation } = await inviteTo(owner, 'editor');
    expect(acceptUrl).toContain(token);
    expect((await as(owner)('GET', '/invitations')).json).toEqual({ items: [invitation], nextCursor: null });
    const stored = await api.sql<{ row: string }>('select i::text as row from invitations i');
    expect(stored.some(({ row }) => row.includes(token))).toBe(false);
    expect((await accept({ token })).json['errors']).toMatchObject([{ path: 'name' }]);
    expect((await accept({ token, name: 'Grace', password: 'short' })).json['errors']).toMatchObject([
      { path: 'password' },
    ]);
    const body = { token, name: 'Grace', password: testPassword };
    const tries = await Promise.all([accept(body), accept(body), accept(body)]);
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
    const joined = tries.find(({ status }) => status === 200)?.json as unknown as SignedIn;
    expect(joined).toMatchObject({
      organization: owner.organization,
      user: { email: invitation.email, name: 'Grace' },
    });
    expect(await roleOf(joined)).toBe('editor');
    expect((await accept(body)).status).toBe(404);
    expect((await as(owner)('GET', '/members')).json['items']).toMatchObject([
      { userId: owner.user.id, role: 'owner' },
      { userId: joined.user.id, role: 'editor', email: invitation.email, name: 'Grace' },
    ]);
  });

  test('whoever has a user joins by its password or their session, and switches between organizations', async () => {
    const [one, other, stranger] = [await api.register(), await api.register(), await api.register()];
    const first = await inviteTo(owner, 'viewer', one.email);
    expect((await accept({ token: first.token, password: 'not the password' })).json['code']).toBe(
      'invalid_credentials',
    );
    expect((await accept({ token: first.token }, stranger.accessToken)).status).toBe(403);
    const joined = await accept({ token: first.token, password: testPassword });
    expect(joined.json).toMatchObject({ user: { id: one.user.id }, organization: owner.organization });
    const second = await inviteTo(owner, 'viewer', other.email.toUpperCase());
    expect((await accept({ token: second.token }, other.accessToken)).json).toMatchObject({ user: other.user });
    expect((await as(other)('GET', '/organizations')).json['items']).toHaveLength(2);
    const switched = await as(other)('POST', '/auth/switch', { body: { organizationId: owner.organization.id } });
    expect(await roleOf(switched.json as unknown as SignedIn)).toBe('viewer');
    expect((await as(owner)('POST', '/invitations', { body: { email: other.email, role: 'admin' } })).status).toBe(409);
  });

  test('an invitation ends when it is revoked, replaced, expired, or its maker may no longer invite', async () => {
    const admin = await join('admin');
    const gone = async ({ token }: CreatedInvitation) =>
      expect((await accept({ token, name: 'N', password: testPassword })).status).toBe(404);
    const revoked = await inviteTo(admin, 'viewer');
    expect((await as(owner)('DELETE', `/invitations/${revoked.id}`)).status).toBe(204);
    expect((await as(owner)('DELETE', `/invitations/${revoked.id}`)).status).toBe(404);
    await gone(revoked);
    const replaced = await inviteTo(admin, 'viewer');
    await inviteTo(admin, 'viewer', replaced.email);
    await gone(replaced);
    const expired = await inviteTo(admin, 'viewer');
    await api.sql(`update invitations set expires_at = now() - interval '1 ms' where id = $1`, [expired.id]);
    await gone(expired);
    const orphan = await inviteTo(admin, 'viewer');
    const kept = await inviteTo(owner, 'viewer');
    await as(owner)('PATCH', `/members/${admin.user.id}`, { body: { role: 'editor' } });
    await gone(orphan);
    // What nobody can accept is not listed as open.
    const { json } = await as(owner)('GET', '/invitations?limit=100');
    expect((json['items'] as CreatedInvitation[]).map(({ id }) => id)).toEqual([kept.id]);
  });

  test('need an admin; nobody below an owner invites one; another organization sees and ends none', async () => {
    const [admin, editor, stranger] = [await join('admin'), await join('editor'), await api.register()];
    const body = { email: newEmail(), role: 'owner' };
    expect((await as(editor)('POST', '/invitations', { body })).status).toBe(403);
    expect((await as(admin)('POST', '/invitations', { body })).status).toBe(403);
    expect((await as(admin)('POST', '/members', { body: { ...body, name: 'N', password: testPassword } })).status).toBe(
      403,
    );
    const { id } = await inviteTo(owner, 'owner');
    expect((await as(stranger)('DELETE', `/invitations/${id}`)).status).toBe(404);
    expect((await as(stranger)('GET', '/invitations')).json['items']).toEqual([]);
  });
});

describe('members', () => {
  test('a role that changes holds at once, on every replica; ownership is handed over, and the last owner stays', async () => {
    const editor = await join('editor');
    expect(await roleOf(editor)).toBe('editor');
    const change = (user: { accessToken: string }, userId: string, role: Role) =>
      as(user)('PATCH', `/members/${userId}`, { body: { role } });
    expect((await change(owner, owner.user.id, 'admin')).status).toBe(409);
    expect((await as(owner)('DELETE', `/members/${owner.user.id}`)).status).toBe(409);
    expect((await change(owner, editor.user.id, 'admin')).json).toMatchObject({ role: 'admin' });
    expect(await roleOf(editor)).toBe('admin');
    await waitFor(async () => (await as(editor)('GET', '/auth/me', { replica: 1 })).json['role'] === 'admin', {
      describe: 'the other replica to hear of it',
    });
    expect((await change(editor, editor.user.id, 'owner')).status).toBe(403);
    expect((await change(editor, owner.user.id, 'viewer')).status).toBe(403);
    expect((await as(editor)('DELETE', `/members/${owner.user.id}`)).status).toBe(403);
    expect((await change(owner, editor.user.id, 'owner')).status).toBe(200);
    // Both at once: one of them has to stay.
    const left = await Promise.all([owner, editor].map((one) => as(one)('DELETE', `/members/${one.user.id}`)));
    expect(new Set(left.map(({ status }) => status))).toEqual(new Set([204, 409]));
  });

  test('whoever is removed or leaves is out at once, and the keys they made with them', async () => {
    const [admin, viewer, stranger] = [await join('admin'), await join('viewer'), await api.register()];
    const made = await as(admin)('POST', '/api-keys', { body: { name: 'k', scopes: ['read'] } });
    const key = { accessToken: String(made.json['key']) };
    expect((await as(key)('GET', '/members')).status).toBe(200);
    expect((await as(key)('DELETE', `/members/${admin.user.id}`)).status).toBe(403);
    expect((await as(viewer)('DELETE', `/members/${admin.user.id}`)).status).toBe(403);
    expect((await as(stranger)('DELETE', `/members/${viewer.user.id}`)).status).toBe(404);
    expect((await as(stranger)('PATCH', `/members/${viewer.user.id}`, { body: { role: 'admin' } })).status).toBe(404);
    expect((await as(viewer)('DELETE', `/members/${viewer.user.id}`)).status).toBe(204);
    expect((await as(viewer)('GET', '/members')).status).toBe(401);
    expect((await as(owner)('DELETE', `/members/${admin.user.id}`)).status).toBe(204);
    expect((await as(admin)('GET', '/members')).status).toBe(401);
    await waitFor(async () => (await as(key)('GET', '/members')).status === 401, { describe: 'the key to end' });
    const refreshed = await api.call('POST', '/api/v1/auth/refresh', { body: { refreshToken: admin.refreshToken } });
    expect(refreshed.json).toMatchObject({
      code: 'unauthenticated',
      detail: 'The user is no longer a member of this organization.',
    });
    expect((await as(owner)('GET', '/api-keys')).json['items']).toEqual([]);
    // Whoever comes back has none of what they left.
    const { token } = await inviteTo(owner, 'admin', admin.user.email);
    expect((await accept({ token, password: testPassword })).status).toBe(200);
    expect((await as(key)('GET', '/members')).status).toBe(401);
  });

  test('an admin makes a user, who signs in; whoever has one is invited instead', async () => {
    const body = { email: newEmail(), name: 'Linus', password: testPassword, role: 'editor' };
    const made = await as(owner)('POST', '/members', { body, headers: { 'idempotency-key': body.email } });
    expect([made.status, made.json]).toMatchObject([201, { email: body.email, role: 'editor' }]);
    const signedIn = await api.call('POST', '/api/v1/auth/login', {
      body: { email: body.email, password: testPassword },
    });
    expect(signedIn.json).toMatchObject({ organization: owner.organization });
    expect((await as(owner)('POST', '/members', { body })).json['code']).toBe('email_taken');
    const page = await as(owner)('GET', '/members?limit=1');
    const next = await as(owner)('GET', `/members?limit=1&cursor=${String(page.json['nextCursor'])}`);
    expect([...(page.json['items'] as Member[]), ...(next.json['items'] as Member[])].map(({ role }) => role)).toEqual([
      'owner',
      'editor',
    ]);
    expect(next.json['nextCursor']).toBeNull();
  });
});

describe('the audit log', () => {
  test('tells who changed what, newest first, with what differs, to admins of the organization alone', async () => {
    const editor = await join('editor');
    await as(owner)('PATCH', `/members/${editor.user.id}`, { body: { role: 'admin' } });
    const made = await as(editor)('POST', '/api-keys', { body: { name: 'Deploy', scopes: ['write'] } });
    const key = { accessToken: String(made.json['key']) };
    const { accountId } = await addAccount(api.sql, { organizationId: owner.organization.id });
    const content = 'x'.repeat(20_000);
    const post = await as(key)('POST', '/posts', { body: { content, accountIds: [accountId], draft: true } });
    expect(post.status, post.text).toBe(201);
    const postId = String(post.json['id']);
    await as(owner)('PUT', `/posts/${postId}`, { body: { content: 'Shorter' } });
    await as(owner)('DELETE', `/posts/${postId}`);
    await as(owner)('DELETE', `/api-keys/${String(made.json['id'])}`);

    const all = await as(owner)('GET', '/audit?limit=100');
    const entries = (all.json['items'] as AuditEntry[]).filter(({ action }) => !action.startsWith('publication.'));
    const [first, second] = [`user:${owner.user.id}`, `user:${editor.user.id}`];
    const keyId = String(made.json['id']);
    const cut = `${'x'.repeat(300)}…`;
    expect(entries).toMatchObject([
      { actor: first, action: 'api_key.revoked', target: `api_key:${keyId}` },
      { actor: first, action: 'post.deleted', target: `post:${postId}` },
      { actor: first, action: 'post.updated', before: { content: cut }, after: { content: 'Shorter' } },
      { actor: `key:${keyId}`, action: 'post.created', target: `post:${postId}` },
      { actor: second, action: 'api_key.created', after: { name: 'Deploy', scopes: ['write'] } },
      { actor: first, action: 'member.updated', before: { role: 'editor' }, after: { role: 'admin' } },
      { actor: second, action: 'member.created', target: `member:${editor.user.id}`, after: { role: 'editor' } },
      { actor: second, action: 'invitation.deleted' },
      { actor: first, action: 'invitation.created' },
      { actor: first, action: 'member.created', target: `member:${owner.user.id}` },
    ]);
    expect(all.text).not.toContain(key.accessToken);
    // Nobody fills the disk with copies of what they change.
    const [largest] = await api.sql<{ bytes: number }>(
      `select max(octet_length(coalesce(before, '{}')::text || coalesce(after, '{}')::text)) as bytes from audit_entries`,
    );
    expect(largest?.bytes).toBeLessThan(2_000);
    const page = await as(owner)('GET', '/audit?limit=4');
    const rest = await as(owner)('GET', `/audit?limit=100&cursor=${String(page.json['nextCursor'])}`);
    const both = [page, rest].flatMap(({ json }) => json['items'] as AuditEntry[]);
    expect(both).toEqual(all.json['items']);
    const [viewer, stranger] = [await join('viewer'), await api.register()];
    expect((await as(viewer)('GET', '/audit')).status).toBe(403);
    expect((await as(stranger)('GET', '/audit')).text).not.toContain(owner.user.id);
  });

  test('tells every write to a post: its parts, its time zone, and the accounts that come and go', async () => {
    const accounts = await Promise.all(
      [1, 2].map(async () => (await addAccount(api.sql, { organizationId: owner.organization.id })).accountId),
    );
    const [first = '', second = ''] = accounts;
    const post = await as(owner)('POST', '/posts', { body: { content: 'One', accountIds: [first], draft: true } });
    const path = `/posts/${String(post.json['id'])}`;
    for (const body of [{ thread: [{ content: 'Two' }] }, { timezone: 'Europe/Berlin' }, { accountIds: [second] }]) {
      const put = await as(owner)('PUT', path, { body });
      expect(put.status, put.text).toBe(200);
    }
    const { json } = await as(owner)('GET', '/audit?limit=100');
    const entries = (json['items'] as AuditEntry[]).filter(({ actor }) => actor === `user:${owner.user.id}`);
    expect(entries.filter(({ action }) => /^publication\.(created|deleted)$/.test(action))).toHaveLength(2);
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'publication.created',
        after: expect.objectContaining({ accountId: second }),
      }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'publication.deleted',
        before: expect.objectContaining({ accountId: first }),
      }),
    );
    expect(entries.filter(({ action }) => action.startsWith('post.'))).toMatchObject([
      { action: 'post.updated', after: { timezone: 'Europe/Berlin' } },
      { action: 'post.updated', before: { thread: null }, after: { thread: [{ content: 'Two' }] } },
      { action: 'post.created' },
    ]);
  });
});
