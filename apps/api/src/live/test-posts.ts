import { randomUUID } from 'node:crypto';
import type { TestApi } from '../test-api.ts';

export interface TestPost {
  readonly postId: string;
  readonly publicationId: string;
  readonly accountId: string;
}

/** A post with one publication, written straight into the tables. */
export async function addPost(api: TestApi, organizationId: string): Promise<TestPost> {
  const id = randomUUID();
  const post = { postId: `pst_${id}`, publicationId: `pub_${id}`, accountId: `acc_${id}` };
  await api.sql(`insert into grants (id, organization_id, platform, credentials) values ($1, $2, 'x', 'sealed')`, [
    `grt_${id}`,
    organizationId,
  ]);
  await api.sql(
    `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name) values ($1, $2, $3, 'x', $4, 'a', 'A')`,
    [post.accountId, organizationId, `grt_${id}`, id],
  );
  await api.sql(`insert into posts (id, organization_id, content) values ($1, $2, 'Hello')`, [
    post.postId,
    organizationId,
  ]);
  await api.sql(
    `insert into publications (id, organization_id, post_id, account_id, platform, status) values ($1, $2, $3, $4, 'x', 'scheduled')`,
    [post.publicationId, organizationId, post.postId, post.accountId],
  );
  return post;
}

const insertEvent = `insert into events (organization_id, post_id, publication_id, type, message) values ($1, $2, $3, $4, 'test')`;

/** Commits an event about a post, and notifies nobody unless told to. */
export async function addEvent(
  api: TestApi,
  organizationId: string,
  post: TestPost,
  type = 'publication.claimed',
): Promise<void> {
  await api.sql(insertEvent, [organizationId, post.postId, post.publicationId, type]);
}

export function eventValues(organizationId: string, post: TestPost, type = 'publication.claimed'): [string, string[]] {
  return [insertEvent, [organizationId, post.postId, post.publicationId, type]];
}

/** What signals do after a commit on the PostgreSQL backend. */
export async function notify(api: TestApi): Promise<void> {
  await api.sql(`select pg_notify('vibetribe_events', '')`);
}
