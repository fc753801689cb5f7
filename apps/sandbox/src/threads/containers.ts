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
  published(container: Container, post: string): Change;
  statusOf(container: Container): ContainerStatus;
  clear(): Change[];
};

export function createContainers({ sandbox }: SiteContext): Containers {
  const { store, clock } = sandbox;
  const table = store.table('threads.containers', Container);

  return {
    add(fields, workMs) {
      const createdTickMs = clock.nowMs();
      const id = newGraphId('17', 17, (taken) => table.has(taken));
      const container = { ...fields, id, createdTickMs, readyTickMs: createdTickMs + workMs, publishedAs: null };
      store.commit([table.put(id, container)]);
      return container;
    },
    get: (id) => table.get(id),
    published: (container, post) => table.put(container.id, { ...container, publishedAs: post }),
    statusOf({ publishedAs, createdTickMs, readyTickMs, fault }) {
      const nowMs = clock.nowMs();
      if (publishedAs !== null) return 'PUBLISHED';
      if (nowMs >= createdTickMs + containerLifeMs) return 'EXPIRED';
      if (nowMs < readyTickMs) return 'IN_PROGRESS';
      return fault === null ? 'FINISHED' : 'ERROR';
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Container = z.object({
  id: z.string(),
  account: z.string(),
  isChild: z.boolean(),
  text: z.string(),
  medium: PostMedium.nullable(),
  children: z.array(z.string()),
  replyTo: z.string().nullable(),
  attachment: z.string().nullable(),
  topicTag: z.string().nullable(),
  replyControl: z.string(),
  /** What went wrong with it after it was made: `FAILED_DOWNLOADING_VIDEO`. */
  fault: z.string().nullable(),
  createdTickMs: z.number(),
  readyTickMs: z.number(),
  publishedAs: z.string().nullable(),
});
