import { reconcileContainers } from '../graph/container-finding.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { instagramName } from './api.ts';
import { codeOrGone } from './container.ts';
import { findPublished, InstagramKey, isOnInstagram, type Listed } from './find-published.ts';

export function reconcileInstagram(asked: ReconcileQuery): Promise<ReconcileFinding> {
  return reconcileContainers<Listed>(
    {
      name: instagramName,
      list: "Instagram's list",
      words: 'caption',
      wordsOf: ({ caption = '' }) => caption,
      statusOf: (query, id) => codeOrGone(query, query.http, id),
      find: (query, since) => {
        const key = InstagramKey.safeParse(query.intent.key).data ?? { edge: 'media', newest: null };
        const { content, takenPostIds } = query;
        return findPublished(query, { key, since, caption: content.text, takenPostIds });
      },
      has: isOnInstagram,
    },
    asked,
  );
}
