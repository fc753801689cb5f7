import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { ClaimContext } from './claim-context.ts';
import type { Gate } from '../state/publication-input.ts';

/** How long the others wait for the probe's answer before they look again, ms. */
const probePatienceMs = 5_000;

/**
 * Whether the platform's breaker lets this publication through. When an open breaker's time is over, exactly one publication,
 * whoever wins the conditional update, goes out as the probe; the others wait for what it finds.
 * @param probeMs how long the probe may take before another one is let through
 */
export async function breakerGateFor(tx: Transaction, context: ClaimContext, probeMs: number): Promise<Gate> {
  if (context.breakerState === 'closed') return { kind: 'go' };
  const { nowMs } = context.row;
  const retryAtMs = context.breakerRetryAtMs ?? nowMs;
  if (retryAtMs > nowMs) return wait(context.breakerState === 'open' ? retryAtMs : nowMs + probePatienceMs);
  const { rowCount } = await tx.execute(sql`
    update breakers set state = 'half_open', retry_at = clock_timestamp() + ${probeMs} * interval '1 millisecond'
    where key = ${context.breakerKey} and state <> 'closed' and retry_at <= clock_timestamp()`);
  return (rowCount ?? 0) > 0 ? { kind: 'go' } : wait(nowMs + probePatienceMs);
}

function wait(untilMs: number): Gate {
  return {
    kind: 'wait',
    reason: 'breaker',
    untilMs,
    detail: 'The platform is down; it goes out when the platform is back.',
  };
}
