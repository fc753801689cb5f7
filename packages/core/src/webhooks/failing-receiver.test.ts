import { randomInt } from 'node:crypto';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import { newSealingKey, openWebhookHarness, type ReceiverAnswer, verified } from './test-webhooks.ts';

const isFull = process.env['TEST_FULL'] === '1';
const count = Number(process.env['TEST_WEBHOOK_EVENTS'] ?? (isFull ? 10_000 : 300));

test(
  `${count} events to a receiver that fails at random: each arrives, signed, numbered without gap; one that hangs holds up nobody`,
  { timeout: isFull ? 3_600_000 : 120_000 },
  async () => {
    await using harness = await openWebhookHarness(inject('postgresUrl'), newSealingKey('k'));
    const [actor, slow] = [await harness.newActor(), await harness.newActor()];
    const webhook = await harness.add(actor, '/moody', ['token.refreshed']);
    await harness.add(slow, '/hangs', ['token.refreshed']);
    const taken = new Set<string>();
    const statuses: readonly ReceiverAnswer[] = isFull
      ? [204, 204, 204, 500, 503, 429, 'never']
      : [204, 204, 204, 204, 500, 429];
    let [hanging, failed] = [0, 0];
    harness.answer((path) => {
      if (path === '/hangs') return 'never';
      const id = harness.received.at(-1)?.headers['webhook-id'];
      let status = statuses[randomInt(statuses.length)] ?? 204;
      // Few time-outs: each takes 15 s.
      if (status === 'never' && (hanging += 1) > 20) status = 502;
      if (status === 204) taken.add(String(id));
      else failed += 1;
      return status;
    });
    const happenAtOnce = (organizationId: string, events: number) =>
      harness.database.sql(
        `insert into events (organization_id, type, message, data)
         select $1, 'token.refreshed', 'It happened.', jsonb_build_object('count', n) from generate_series(1, $2::int) n`,
        [organizationId, events],
      );
    const startedAtMs = performance.now();
    await happenAtOnce(slow.organizationId, 50);
    await happenAtOnce(actor.organizationId, count);
    await Promise.all([harness.startDeliverer(), harness.startDeliverer()]);
    await waitFor(
      async () => {
        // Backoff lasts for hours: its time passes.
        const [left] = await harness.database.sql<{ made: number; pending: number }>(
          `with due as (update webhook_deliveries set next_attempt_at = now(), attempts = least(attempts, 5)
             where webhook_id = $1 and status = 'pending' and lease_until is null and next_attempt_at > now())
           select count(*)::int as made, (count(*) filter (where status = 'pending'))::int as pending
           from webhook_deliveries where webhook_id = $1`,
          [webhook.id],
        );
        harness.wake();
        return left?.made === count && left.pending === 0;
      },
      { describe: 'everything is delivered', timeoutMs: isFull ? 3_000_000 : 100_000, intervalMs: 200 },
    );
    const tookMs = performance.now() - startedAtMs;

    const messages = harness.received.filter(({ path }) => path === '/moody');
    expect(taken.size).toBe(count);
    const sequences = new Map(
      messages.map((message) => [String(message.headers['webhook-id']), verified(webhook.secret, message).sequence]),
    );
    expect([...sequences.values()].toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: count }, (_, index) => index + 1),
    );
    const log = await harness.database.sql<{ status: string; told: number }>(
      `select status, count(*)::int as told from webhook_deliveries
       where webhook_id = $1 and delivered_at is not null and (tries -> -1 ->> 'status')::int = 204 group by 1`,
      [webhook.id],
    );
    expect(log).toEqual([{ status: 'delivered', told: count }]);
    expect(failed).toBeGreaterThan(0);
    if (isFull)
      console.info(
        `${count} events delivered in ${Math.round(tookMs / 1000)} s: ${messages.length} tries, ${failed} failed, ` +
          `${harness.received.length - messages.length} to the one that hangs`,
      );
  },
);
