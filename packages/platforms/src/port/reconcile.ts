import type { AccountCall, VisiblePart } from './account.ts';
import type { TextContent } from './content.ts';
import type { JsonValue } from './json-value.ts';
import type { ReplyTarget } from './publish.ts';

export interface ReconcileQuery extends AccountCall {
  /** Of the part in doubt. */
  readonly content: TextContent;
  readonly replyTo: ReplyTarget | null;
  /** The open intent: which step, the key it was sent under, and when the first send began that may have arrived. */
  readonly intent: { readonly step: string; readonly key: JsonValue; readonly startedAt: Date };
  /** Now, by the clock that `intent.startedAt` is of: how long ago that was, whatever either clock says. */
  readonly askedAt: Date;
  /** Results of the part's steps before it, by name. */
  readonly results: Readonly<Record<string, JsonValue>>;
  /** Platform post ids that belong to other publications, or to other parts of this one: never a match. */
  readonly takenPostIds: ReadonlySet<string>;
  /** Those of them that were seen to appear since the send, newest first, a few: a list that leaves one out proves nothing. */
  readonly knownSince: readonly string[];
}

/**
 * `found`: it is there. `not_seen`: the platform answered and it was not there (the caller counts such answers against
 * `ReconciliationRules.absence`). `inconclusive`: the answer leaves out what is known to be there, so that it proves nothing.
 * `cannot_tell`: the platform has no way to say. A `PlatformError` means: ask again later.
 */
export type ReconcileFinding =
  | (VisiblePart & { readonly kind: 'found'; readonly evidence: string })
  | {
      readonly kind: 'not_seen';
      readonly evidence: string;
      /** Why it may be there all the same, a sentence: a new post of the account that may be this one, rewritten by its server. */
      readonly doubt?: string;
    }
  | { readonly kind: 'inconclusive'; readonly evidence: string }
  | { readonly kind: 'cannot_tell'; readonly evidence: string };
