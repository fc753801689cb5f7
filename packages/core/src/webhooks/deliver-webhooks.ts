import { randomInt } from 'node:crypto';
import type { Bus } from '@vibetribe/queue/bus';
import { startLoop } from '@vibetribe/resilience/loop';
import type { CoreDependencies } from '../core-dependencies.ts';
import { type ClaimedDelivery, claimDeliveries } from './claim-deliveries.ts';
import { feedWebhooks } from './feed-webhooks.ts';
import { type DeliveryResult, recordDelivery } from './record-delivery.ts';
import { openWebhookSecret, signWebhook } from './webhook-secret.ts';
import type { WebhookSender } from './webhook-sender.ts';

export interface WebhookDelivererOptions {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly sender: WebhookSender;
  /** Told of each try that ended. */
  readonly onTry?: (outcome: 'delivered' | 'retrying' | 'failed' | 'refused') => void;
}

type DelivererDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'clock' | 'logger' | 'signals'>;

const pollIntervalMs = 1_000;
/** Tries at once in this process: of all, to one server, of one organization, of one webhook. A receiver that hangs takes no more than its share. */
const totalMax = 60;
const perServerMax = 30;
const perOrganizationMax = 12;
const perWebhookMax = 4;

/** Makes deliveries of what happens and sends them, until disposed: what is being sent then is waited for. */
export async function startWebhookDeliverer(
  deps: DelivererDependencies,
  { bus, sender, onTry }: WebhookDelivererOptions,
): Promise<AsyncDisposable> {
  const onError = (error: unknown) =>
    deps.logger.warn({ err: error }, 'webhooks could not be looked after; they will be');
  const running = new Map<string, { readonly organizationId: string; readonly server: string; count: number }>();
  const tries = new Set<Promise<void>>();

  await using starting = new AsyncDisposableStack();
  starting.defer(async () => {
    await Promise.allSettled(tries);
  });
  const feed = startLoop({
    name: 'webhook feed',
    intervalMs: pollIntervalMs,
    async runOnce(signal) {
      while (!signal.aborted && (await feedWebhooks(deps)));
      delivery.wake();
    },
    onError,
  });
  const delivery = startLoop({
    name: 'webhook delivery',
    intervalMs: pollIntervalMs,
    async runOnce(signal) {
      // Takes half of what is free at a time, so that whoever comes next finds room.
      const limit = Math.ceil((totalMax - tries.size) / 2);
      if (limit <= 0 || signal.aborted) return;
      const shares = {
        limit,
        perWebhookMax,
        perOrganizationMax: Math.min(perOrganizationMax, limit),
        perServerMax: Math.min(perServerMax, limit),
      };
      const held = [...running].map(([webhookId, own]) => ({ webhookId, ...own }));
      const claimed = await claimDeliveries(deps, shares, held);
      for (const each of claimed) begin(each);
      if (claimed.length > 0) delivery.wake();
    },
    onError,
  });
  starting.use(delivery);
  starting.use(feed);
  const wake = () => feed.wake();
  starting.use(await bus.subscribe('events', wake, wake));

  const begin = (claimed: ClaimedDelivery) => {
    const { webhookId, organizationId, server } = claimed;
    const own = running.get(webhookId) ?? { organizationId, server, count: 0 };
    own.count += 1;
    running.set(webhookId, own);
    const trying = tryOnce(deps, sender, claimed)
      .then(onTry, onError)
      .finally(() => {
        own.count -= 1;
        if (own.count === 0) running.delete(webhookId);
        tries.delete(trying);
        delivery.wake();
      });
    tries.add(trying);
  };

  const moved = starting.move();
  return { [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function tryOnce(
  deps: DelivererDependencies,
  sender: WebhookSender,
  delivery: ClaimedDelivery,
): Promise<'delivered' | 'retrying' | 'failed' | 'refused'> {
  const result = await send(deps, sender, delivery);
  const outcome = await recordDelivery(deps, delivery, result, randomInt(1_000) / 1_000);
  const { id, webhookId, type, attempt } = delivery;
  const { status, error, durationMs } = result;
  deps.logger.info(
    { deliveryId: id, webhookId, type, attempt, status, error, durationMs, outcome },
    'a webhook was tried',
  );
  return outcome;
}

async function send(
  { keyRing, clock }: DelivererDependencies,
  sender: WebhookSender,
  delivery: ClaimedDelivery,
): Promise<DeliveryResult> {
  const place = { id: delivery.webhookId, organizationId: delivery.organizationId };
  let secrets: string[];
  try {
    secrets = [delivery.secretSealed, delivery.previousSecretSealed]
      .filter((sealed) => sealed !== null)
      .map((sealed) => openWebhookSecret(keyRing, place, sealed));
  } catch {
    return { status: null, error: 'its secret cannot be opened: rotate it', durationMs: 0, retryAfterMs: null };
  }
  const headers = signWebhook({ id: delivery.id, body: delivery.payload, at: clock.now() }, secrets);
  return sender.send({ url: delivery.url, body: delivery.payload, headers });
}
