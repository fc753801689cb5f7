import type { ReconcileFinding } from '../port/reconcile.ts';

/** What a list of comments says of one in doubt. `below`: what they stand below, for the evidence. */
export function commentFinding(
  { match, seen, isComplete }: { match: { readonly id: string } | undefined; seen: number; isComplete: boolean },
  below: 'post' | 'video',
): ReconcileFinding {
  if (match !== undefined)
    return { kind: 'found', platformPostId: match.id, url: null, evidence: `comment ${match.id} has these words` };
  if (!isComplete) return { kind: 'cannot_tell', evidence: `The ${below} has more than ${seen} comments` };
  return { kind: 'not_seen', evidence: `none of ${seen} comments is this one` };
}
