import { addAccount as addAccountRow } from '@vibetribe/db/testing/test-rows';
import type { Post } from '@vibetribe/contracts/post';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { type Answer, type CallOptions, startTestApi, type TestApi } from '../../test-api.ts';

export let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
});
afterAll(() => api[Symbol.asyncDispose]());

/** A user of an organization of their own, with one account. */
export async function signUp() {
  const { accessToken, organization } = await api.register();
  const accountId = await addAccount(organization.id);
  const call = (method: string, path: string, options: Omit<CallOptions, 'token'> = {}) =>
    api.call(method, `/api/v1${path}`, { ...options, token: accessToken });
  const create = async (body: object = {}) => {
    const answer = await call('POST', '/posts', { body: { content: 'Hello', accountIds: [accountId], ...body } });
    expect(answer.status, answer.text).toBe(201);
    return { post: postOf(answer), etag: answer.headers.get('etag') ?? '' };
  };
  return { accountId, organizationId: organization.id, accessToken, call, create };
}

async function addAccount(organizationId: string): Promise<string> {
  const { accountId } = await addAccountRow(api.sql, { organizationId });
  return accountId;
}

/** What is worth a thought stands beside it once, as it is scheduled. */
export function postOf({ json: { warnings: _warnings, ...post } }: Answer): Post {
  return post as unknown as Post;
}
export const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
