import type { Credentials } from '@vibetribe/platforms/port/connect';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { TransportError } from '@vibetribe/platforms/port/platform-http';
import { exponentialDelayMs } from '@vibetribe/resilience/backoff';
import { sleep } from '@vibetribe/resilience/sleep';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { adapterAccountOf, type GrantRow } from '../grants/read-grant.ts';

/** `leaseMs` must be longer than all tries with the waits between them. */
export interface RefreshPolicy {
  readonly leaseMs: number;
  readonly triesMax: number;
  readonly tryTimeoutMs: number;
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
  /** How long a caller waits for another one's refresh. */
  readonly waitMs: number;
  readonly pollMs: number;
}

export const refreshPolicy: RefreshPolicy = {
  leaseMs: 30_000,
  triesMax: 3,
  tryTimeoutMs: 8_000,
  backoff: { baseMs: 500, capMs: 2_000 },
  waitMs: 10_000,
  pollMs: 100,
};

export type RefreshAnswer =
  | { readonly kind: 'fresh'; readonly credentials: Credentials }
  /** The platform says that the grant is dead, or the account gone. `afterLostAnswer`: a try just before may have used up what it was asked with. */
  | { readonly kind: 'dead'; readonly error: PlatformError; readonly afterLostAnswer: boolean }
  | { readonly kind: 'failed'; readonly error: PlatformError };

/**
 * Asks the platform for new credentials, up to three times where asking again may help. The caller holds the refresh lease; nothing is
 * sent after `endsAtMs` (monotonic), so that nothing is sent without it.
 */
export async function requestRefresh(
  deps: Pick<CoreDependencies, 'adapters' | 'endpoints' | 'platformHttp' | 'clock'>,
  grant: GrantRow,
  credentials: Credentials,
  policy: RefreshPolicy,
  endsAtMs: number,
): Promise<RefreshAnswer> {
  const isUsedUp = deps.adapters[grant.platform].refresh?.cost === 'rotating';
  let afterLostAnswer = false;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await askOnce(
      deps,
      grant,
      credentials,
      Math.min(policy.tryTimeoutMs, endsAtMs - deps.clock.monotonicMs()),
    );
    if (answer.kind === 'dead') return { ...answer, afterLostAnswer };
    if (answer.kind === 'failed' && mayHaveArrived(answer.error)) afterLostAnswer = isUsedUp;
    if (answer.kind !== 'failed' || attempt === policy.triesMax || !maySucceedLater(answer.error)) return answer;
    // No jitter: the lease lets only one caller come here.
    const delayMs = Math.max(
      exponentialDelayMs(attempt, policy.backoff, () => 0),
      answer.error.retryAfterMs ?? 0,
    );
    if (deps.clock.monotonicMs() + delayMs >= endsAtMs) return answer;
    await sleep(delayMs);
  }
}

async function askOnce(
  deps: Pick<CoreDependencies, 'adapters' | 'endpoints' | 'platformHttp' | 'clock'>,
  grant: GrantRow,
  credentials: Credentials,
  timeoutMs: number,
): Promise<RefreshAnswer> {
  const adapter = deps.adapters[grant.platform];
  if (adapter.refresh === undefined) throw new Error(`${adapter.id} has no way to refresh a token`);
  try {
    const fresh = await adapter.refresh.refresh({
      endpoints: deps.endpoints(grant.platform),
      http: deps.platformHttp(grant.platform, { timeoutMs }),
      account: adapterAccountOf(grant),
      credentials,
      now: deps.clock.now(),
    });
    return { kind: 'fresh', credentials: fresh };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return {
      kind: error.kind === 'auth_revoked' || error.accountGone !== null ? 'dead' : 'failed',
      error,
      afterLostAnswer: false,
    };
  }
}

function mayHaveArrived({ cause }: PlatformError): boolean {
  return cause instanceof TransportError && cause.sent === 'maybe';
}

function maySucceedLater(error: PlatformError): boolean {
  switch (error.kind) {
    case 'network':
    case 'unavailable':
    case 'ambiguous':
    case 'rate_limit':
      return true;
    case 'auth_expired':
    case 'auth_revoked':
    case 'permission':
    case 'quota':
    case 'content':
    case 'policy':
    case 'duplicate':
    case 'not_found':
    case 'media_processing':
      return false;
  }
}
