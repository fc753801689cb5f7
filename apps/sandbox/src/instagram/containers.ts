import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { PostMedium } from '../state/posts.ts';
import { containerLifeMs } from './limits.ts';

/** What may become a post. Times are of the movable clock. */
export type Container = z.infer<typeof Container>;

export type ContainerStatus = 'EXPIRED' | 'ERROR' | 'FINISHED' | 'IN_PROGRESS' | 'PUBLISHED';

export type Containers = {
  /** @param workMs how long it is in progress */
  add(container: Omit<Container, 'id' | 'createdTickMs' | 'readyTickMs' | 'publishedAs'>, workMs: number): Container;
  get(id: string): Container | undefined;
  /** What came later: the bytes, or a fault. */
  amend(container: Container, workMs: number): Container;
  published(container: Container, post: string): Change;
  statusOf(container: Container): ContainerStatus;
  isTaken(id: string): boolean;
  clear(): Change[];
};

export function createContainers({ sandbox }: SiteContext): Containers {
  const { store, clock } = sandbox;
  const table = store.table('instagram.containers', Container);
  const commit = (container: Container): Container => {
    store.commit([table.put(container.id, container)]);
    return container;
  };

  return {
    add(fields, workMs) {
      const createdTickMs = clock.nowMs();
      const id = newGraphId('17', 17, (taken) => table.has(taken) || taken.startsWith('17841'));
      const readyTickMs = fields.medium === null && fields.children.length === 0 ? null : createdTickMs + workMs;
      return commit({ ...fields, id, createdTickMs, readyTickMs, publishedAs: null });
    },
    get: (id) => table.get(id),
    amend: (container, workMs) => commit({ ...container, readyTickMs: clock.nowMs() + workMs }),
    published: (container, post) => table.put(container.id, { ...container, publishedAs: post }),
    statusOf({ publishedAs, createdTickMs, readyTickMs, fault }) {
      const nowMs = clock.nowMs();
      if (publishedAs !== null) return 'PUBLISHED';
      if (nowMs >= createdTickMs + containerLifeMs) return 'EXPIRED';
      if (fault !== null) return 'ERROR';
      return readyTickMs !== null && nowMs >= readyTickMs ? 'FINISHED' : 'IN_PROGRESS';
    },
    isTaken: (id) => table.has(id),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Container = z.object({
  id: z.string(),
  account: z.string(),
  kind: z.enum(['image', 'reel', 'story', 'carousel', 'child']),
  caption: z.string(),
  /** Null until its bytes are there. */
  medium: PostMedium.nullable(),
  children: z.array(z.string()),
  /** Code of what went wrong with it after it was made. */
  fault: z.number().nullable(),
  createdTickMs: z.number(),
  readyTickMs: z.number().nullable(),
  publishedAs: z.string().nullable(),
});
