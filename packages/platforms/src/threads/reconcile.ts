import { reconcileContainers } from '../graph/container-finding.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { threadsName } from './api.ts';
import { readStatus } from './container.ts';
import { findPublished, isOnThreads, type Listed, ThreadsKey } from './find-published.ts';

export function reconcileThreads(asked: ReconcileQuery): Promise<ReconcileFinding> {
  return reconcileContainers<Listed>(
    {
      name: threadsName,
      list: "Threads' list",
      words: 'text',
      wordsOf: ({ text = '' }) => text,
      statusOf: async (query, id) => (await readStatus(query, query.http, id)).status,
      find: (query, since) => {
        const parent = query.replyTo?.parent.platformPostId ?? null;
        const fallback = { edge: parent === null ? ('threads' as const) : ('replies' as const), newest: null };
        const key = ThreadsKey.safeParse(query.intent.key).data ?? fallback;
        const { content, takenPostIds } = query;
        return findPublished(query, { key, since, text: content.text, parent, takenPostIds });
      },
      has: isOnThreads,
    },
    asked,
  );
}
