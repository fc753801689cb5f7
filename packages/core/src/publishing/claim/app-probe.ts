import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { Gate } from '../state/publication-input.ts';
import type { ClaimContext } from './claim-context.ts';

/** How long the others wait for the probe's answer before they look again, ms. */
const probePatienceMs = 5_000;

/** The platform has said that the service's application had used up its limit, and nobody has heard since that it takes more. */
export function isAppInDoubt({ credentialSource, appClosedUntilMs }: ClaimContext): boolean {
  return credentialSource === 'oauth' && appClosedUntilMs !== null;
}

/**
 * Once the time is over that the platform has told, one publication asks whether the application may post again, whoever wins the
 * conditional update; the others wait for what it hears.
 * @param probeMs how long that may take before another one asks
 */
export async function appProbeGateFor(tx: Transaction, context: ClaimContext, probeMs: number): Promise<Gate> {
  if (!isAppInDoubt(context)) return { kind: 'go' };
  const { rowCount } = await tx.execute(sql`
    update app_limits set probe_until = clock_timestamp() + ${probeMs} * interval '1 millisecond'
    where platform = ${context.row.platform} and closed_until <= clock_timestamp()
      and (probe_until is null or probe_until <= clock_timestamp())`);
  if ((rowCount ?? 0) > 0) return { kind: 'go' };
  return {
    kind: 'wait',
    reason: 'rate_limit',
    untilMs: context.row.nowMs + probePatienceMs,
    detail: "The application's limit at the platform was used up; another post asks whether it takes more.",
  };
}

/** The platform took a post of the application: its limit is over. */
export async function openApp({ db }: Pick<CoreDependencies, 'db'>, platform: string): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update app_limits set closed_until = null, probe_until = null
      where platform = ${platform} and closed_until <= clock_timestamp()`),
  );
}
