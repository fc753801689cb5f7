import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { WorkPart } from '../claim/publication-work.ts';

/** What publishes a part and looks for it. Most platforms take a comment by another request than a post. */
export function partAdapter(
  adapter: PlatformAdapter,
  { kind }: Pick<WorkPart, 'kind'>,
): Pick<PlatformAdapter, 'publish' | 'reconcile'> {
  const { comments } = adapter;
  if (kind !== 'comment' || comments === undefined) return adapter;
  return {
    publish: ({ replyTo, ...run }) => {
      if (replyTo === null) throw new Error('a comment answers something');
      return comments.publish({ ...run, replyTo });
    },
    reconcile: (query) => comments.reconcile(query),
  };
}
