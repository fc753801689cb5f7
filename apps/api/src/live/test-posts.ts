import { addAccount, addPost as addPostRow, addPublication } from '@vibetribe/db/testing/test-rows';
import type { TestApi } from '../test-api.ts';

export interface TestPost {
  readonly postId: string;
  readonly publicationId: string;
  readonly accountId: string;
}

/** A post with one publication, written straight into the tables. */
export async function addPost(api: TestApi, organizationId: string): Promise<TestPost> {
  const { accountId } = await addAccount(api.sql, { organizationId });
  const postId = await addPostRow(api.sql, { organizationId });
  const publicationId = await addPublication(api.sql, { organizationId, postId, accountId });
  return { postId, publicationId, accountId };
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
