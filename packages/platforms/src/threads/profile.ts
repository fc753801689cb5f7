import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import { callThreads } from './api.ts';

const Profile = z.object({
  id: foreignNumericId(),
  username: z.string().min(1),
  name: z.string().optional().catch(undefined),
});

/** Whose token this is. https://developers.facebook.com/docs/threads/threads-profiles, read 2026-11. */
export async function readProfile(call: Pick<AccountCall, 'endpoints' | 'http' | 'accessToken'>) {
  const { endpoints, http, accessToken } = call;
  const { id, username, name } = await callThreads({
    endpoints,
    http,
    accessToken,
    method: 'GET',
    path: '/me',
    query: { fields: 'id,username,name' },
    effect: 'read',
    answer: Profile,
  });
  return { externalId: id, handle: username, displayName: name === undefined || name === '' ? username : name };
}

export async function readThreadsAccount(call: AccountCall): Promise<AccountProfile> {
  return { ...(await readProfile(call)), service: null };
}
