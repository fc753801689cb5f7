import { z } from 'zod';
import { foreignNumericId, foreignToken } from '../answers/answer-fields.ts';
import { callGraph } from '../graph/call-graph.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { grantedIn, Permissions } from '../graph/scopes.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { graphOf, instagramName } from './api.ts';

export interface TokenCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly accessToken: string;
}

const Own = z.object({
  /** The professional account; `id` is another one for each application. */
  user_id: foreignNumericId(),
  username: z.string().min(1),
  name: z.string().optional().catch(undefined),
});

/** Whose token of Instagram's own login this is. https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started, read 2026-11. */
export async function readOwnAccount(call: TokenCall) {
  const own = await callGraph({
    ...call,
    platformName: instagramName,
    method: 'GET',
    url: `${graphOf(call.endpoints, 'instagram')}/me`,
    query: { fields: 'user_id,username,name' },
    effect: 'read',
    answer: Own,
  });
  return accountOf({ id: own.user_id, username: own.username, name: own.name });
}

const Linked = z.object({
  id: foreignNumericId(),
  username: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
});

const Page = z.object({
  access_token: foreignToken().optional().catch(undefined),
  tasks: z.array(z.string()).optional().catch(undefined),
  instagram_business_account: Linked.optional().catch(undefined),
});

const fields = 'id,access_token,tasks,instagram_business_account{id,username,name}';
const pageSize = '100';
const pagesMax = 10;

/** The accounts behind the pages that the person of this token may post to, each with its page's token. */
export async function readAccountsOfPages(call: TokenCall) {
  const { rows } = await readPages(
    (after) =>
      callGraph({
        ...call,
        platformName: instagramName,
        method: 'GET',
        url: `${graphOf(call.endpoints, 'page')}/me/accounts`,
        query: { fields, limit: pageSize, after },
        effect: 'read',
        answer: listOf(Page),
      }),
    { pagesMax },
  );
  return rows.flatMap(({ access_token: token, tasks, instagram_business_account: linked }) => {
    if (token === undefined || linked === undefined || !(tasks?.includes('CREATE_CONTENT') ?? true)) return [];
    return [{ ...accountOf(linked), token }];
  });
}

/** What the person of this token has granted: the dialog lets each be left out. */
export async function readPermissions(call: TokenCall): Promise<string[]> {
  const permissions = await callGraph({
    ...call,
    platformName: instagramName,
    method: 'GET',
    url: `${graphOf(call.endpoints, 'page')}/me/permissions`,
    effect: 'read',
    answer: Permissions,
  });
  return grantedIn(permissions);
}

/** The account behind the page whose own token this is; null where it has none. */
export async function readAccountOfPage(call: TokenCall) {
  const { instagram_business_account: linked } = await callGraph({
    ...call,
    platformName: instagramName,
    method: 'GET',
    url: `${graphOf(call.endpoints, 'page')}/me`,
    query: { fields: 'id,instagram_business_account{id,username,name}' },
    effect: 'read',
    answer: Page,
  });
  return linked === undefined ? null : accountOf(linked);
}

function accountOf({ id, username, name }: z.infer<typeof Linked>) {
  const handle = username ?? id;
  return { externalId: id, handle, displayName: name === undefined || name === '' ? handle : name };
}
