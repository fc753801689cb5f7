import { z } from 'zod';
import { foreignNumericId, foreignToken } from '../answers/answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { callFacebook } from './api.ts';

/** A page that a person runs, with the token that writes as the page. https://developers.facebook.com/docs/pages-api/getting-started, read 2026-11. */
const Page = z.object({
  id: foreignNumericId(),
  name: z.string().default(''),
  username: z.string().optional().catch(undefined),
  access_token: foreignToken().optional().catch(undefined),
  tasks: z.array(z.string()).optional().catch(undefined),
});
export type Page = z.infer<typeof Page>;

export interface PageCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly accessToken: string;
}

const pageSize = '100';
const pagesMax = 10;

/** The pages that the person of this token may post to, with their tokens. */
export async function readManagedPages(call: PageCall): Promise<(Page & { access_token: string })[]> {
  const { rows } = await readPages(
    (after) =>
      callFacebook({
        ...call,
        method: 'GET',
        path: '/me/accounts',
        query: { fields: 'id,name,username,access_token,tasks', limit: pageSize, after },
        effect: 'read',
        answer: listOf(Page),
      }),
    { pagesMax },
  );
  return rows.flatMap((page) => {
    const { access_token: token, tasks } = page;
    return token !== undefined && (tasks?.includes('CREATE_CONTENT') ?? true) ? [{ ...page, access_token: token }] : [];
  });
}

/** The page that this token writes as. */
export function readOwnPage(call: PageCall): Promise<Page> {
  const query = { fields: 'id,name,username' };
  return callFacebook({ ...call, method: 'GET', path: '/me', query, effect: 'read', answer: Page });
}

export function accountOf({ id, name, username }: Page) {
  return { externalId: id, handle: username ?? name, displayName: name };
}
