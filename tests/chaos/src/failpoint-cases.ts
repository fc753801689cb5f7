import { failpointNames, type FailpointName } from '@vibetribe/core/publishing/failpoints';
import { type ChaosPlatform, chaosPlatforms } from './product-environment.ts';
import type { FailpointAction } from './test-failpoints.ts';

/** One failpoint with one action, tried on every platform on whose way it lies. */
export interface FailpointCase {
  readonly name: FailpointName;
  readonly action: FailpointAction;
  readonly platforms: readonly ChaosPlatform[];
}

/** How the answer to what follows a failpoint is lost: that of a database statement with the text, or of a request to the platform. */
export type LossMeans =
  | { readonly kind: 'statement'; readonly text: string }
  | { readonly kind: 'request'; readonly method: 'GET' | 'POST' };

/** The failpoints right before something whose answer can be lost. After a commit there is nothing to lose. */
export const lossMeans: Readonly<Partial<Record<FailpointName, LossMeans>>> = {
  'claim:before_commit': { kind: 'statement', text: 'commit' },
  'intent:before_commit': { kind: 'statement', text: 'commit' },
  'record:before_commit': { kind: 'statement', text: 'commit' },
  'sweep:before_commit': { kind: 'statement', text: 'commit' },
  'token:before_store': { kind: 'statement', text: 'commit' },
  'dispatch:before_enqueue': { kind: 'statement', text: 'add_job' },
  'send:before_request': { kind: 'request', method: 'POST' },
  'send:body_pull': { kind: 'request', method: 'POST' },
  'reconcile:before_ask': { kind: 'request', method: 'GET' },
};

/** Every failpoint x kill, freeze, throw, and the lost answer where there is one. Mastodon's tokens are never refreshed. */
export const failpointCases: readonly FailpointCase[] = failpointNames.flatMap((name) =>
  (['kill', 'freeze', 'throw', 'lose'] as const)
    .filter((action) => action !== 'lose' || lossMeans[name] !== undefined)
    .map((action) => ({
      name,
      action,
      platforms: name.startsWith('token:')
        ? chaosPlatforms.filter((platform) => platform !== 'mastodon')
        : chaosPlatforms,
    })),
);
