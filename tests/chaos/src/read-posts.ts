import type { FinalPost, FinalPublication } from './history.ts';
import type { Organization } from './organizations.ts';

interface PostPage {
  readonly items: {
    readonly id: string;
    readonly content: string;
    readonly publications: {
      readonly id: string;
      readonly accountId: string;
      readonly status: string;
      readonly platformPostId: string | null;
      readonly parts: readonly { readonly status: string; readonly platformPostId: string | null }[];
      readonly waitingFor: FinalPublication['waitingFor'];
      readonly attempts: number;
      readonly error: FinalPublication['error'];
    }[];
  }[];
  readonly nextCursor: string | null;
}

/** Every post of the organization, as it sees them over the API. */
export async function readPosts({
  client,
  organizationId,
}: Pick<Organization, 'client' | 'organizationId'>): Promise<FinalPost[]> {
  const posts: FinalPost[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: PostPage = await client.read(
      'GET',
      `/posts?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const { id, content, publications } of page.items) {
      posts.push({
        organizationId,
        postId: id,
        content,
        publications: publications.map((publication) => ({
          publicationId: publication.id,
          accountId: publication.accountId,
          status: publication.status,
          platformPostId: publication.platformPostId,
          parts: publication.parts.map(({ status, platformPostId }) =>
            status === 'published' ? platformPostId : null,
          ),
          waitingFor: publication.waitingFor,
          attempts: publication.attempts,
          error: publication.error,
        })),
      });
    }
    cursor = page.nextCursor;
  }
  return posts;
}
