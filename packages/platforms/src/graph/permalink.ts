import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';

const Post = z.object({ permalink: z.string().optional() });

interface PermalinkRequest {
  readonly method: 'GET';
  readonly path: string;
  readonly query: { readonly fields: 'permalink' };
  readonly effect: 'read';
  readonly answer: typeof Post;
}

/** The address of a post. An answer that does not come changes nothing: it is out. */
export async function readPermalink(
  id: string,
  ask: (request: PermalinkRequest) => Promise<z.infer<typeof Post>>,
): Promise<string | null> {
  const path = `/${encodeURIComponent(id)}`;
  try {
    const post = await ask({ method: 'GET', path, query: { fields: 'permalink' }, effect: 'read', answer: Post });
    return post.permalink ?? null;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}
