import { setTimeout as delay } from 'node:timers/promises';
import type { StopRecord } from './history.ts';
import type { Organization } from './organizations.ts';
import type { SeededRandom } from './seeded-random.ts';

const pauseMs = { min: 1_000, max: 4_000 };
const holdMs = { min: 500, max: 4_000 };

/** Stops an account or a whole organization for a moment, again and again, until aborted; none of its stops holds any more when it resolves. */
export async function runStops(
  organizations: readonly Organization[],
  random: SeededRandom,
  record: (stop: StopRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const reasons = new Set<string>();
  for (let count = 1; !signal.aborted; count += 1) {
    await delay(random.between(pauseMs.min, pauseMs.max), undefined, { signal }).catch(() => undefined);
    const organization = random.pick(organizations);
    const accountId = random.chance(0.5) ? random.pick(organization.accounts).accountId : null;
    const holdsMs = random.between(holdMs.min, holdMs.max);
    if (signal.aborted) break;
    const scope = accountId === null ? { scope: 'organization' } : { scope: 'account', id: accountId };
    const body = { ...scope, reason: `chaos ${count}` };
    reasons.add(body.reason);
    const made = await organization.client.send({
      method: 'POST',
      path: '/pauses',
      body,
      idempotencyKey: `stop-${count}`,
    });
    if (made.result !== 'ok') continue;
    const heldFromMs = Date.now();
    await delay(holdsMs);
    record({ organizationId: organization.organizationId, accountId, heldFromMs, heldUntilMs: Date.now() });
    await organization.client.send({ method: 'DELETE', path: `/pauses/${(made.body as { id: string }).id}` });
  }
  await Promise.all(organizations.map((organization) => liftStops(organization, reasons)));
}

/** Those whose making or lifting got no answer are lifted here; what somebody else has stopped stays stopped. */
export async function liftStops({ client }: Organization, reasons: ReadonlySet<string>): Promise<void> {
  const { items } = await client.read<{ items: { id: string; reason: string }[] }>('GET', '/pauses');
  for (const { id, reason } of items) {
    if (reasons.has(reason)) await client.send({ method: 'DELETE', path: `/pauses/${id}` });
  }
}
