import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookDelivery } from '@vibetribe/contracts/webhook';
import { type MigratedDatabase, openMigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addOrganization } from '@vibetribe/db/testing/test-rows';
import { createKeyRing, type KeyRing } from '@vibetribe/security/key-ring';
import { Webhook as Verifier } from 'standardwebhooks';
import type { Actor } from '../actor.ts';
import { quietSignals } from '../test-signals.ts';
import { startWebhookDeliverer } from './deliver-webhooks.ts';
import { listDeliveries } from './deliveries.ts';
import { createWebhook } from './manage-webhooks.ts';
import { createWebhookSender } from './webhook-sender.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, or no answer at all. */
export type ReceiverAnswer = number | 'never';

/** A database, a receiver, and processes that deliver to it. */
export interface WebhookHarness extends AsyncDisposable {
  readonly database: MigratedDatabase;
  readonly keyRing: KeyRing;
  readonly origin: string;
  readonly received: Received[];
  answer(by: (path: string) => ReceiverAnswer): void;
  deps(): {
    db: MigratedDatabase['db'];
    keyRing: KeyRing;
    signals: typeof quietSignals;
    isAllowedHost: typeof isAllowedHost;
  };
  newActor(): Promise<Actor>;
  /** One more process that makes and sends deliveries. */
  startDeliverer(): Promise<void>;
  /** Lets the processes look for work at once. */
  wake(): void;
  add(actor: Actor, path: string, events: readonly string[]): ReturnType<typeof createWebhook>;
  happen(organizationId: string, type: string, data?: object): Promise<unknown>;
  deliveriesOf(actor: Actor, webhookId: string): Promise<WebhookDelivery[]>;
  /** Ends the processes, and forgets all webhooks and what was received. */
  clear(): Promise<void>;
}

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const isAllowedHost = async (host: string) => host === '127.0.0.1';

/** The message, where its signature is right by Standard Webhooks' own library. @throws WebhookVerificationError */
export function verified(secret: string, { body, headers }: Received): { type: string; sequence: number } {
  return new Verifier(secret).verify(body, headers as Record<string, string>) as { type: string; sequence: number };
}

export function newSealingKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

export async function openWebhookHarness(postgresUrl: string, sealingKey: string): Promise<WebhookHarness> {
  const database = await openMigratedDatabase(postgresUrl);
  const keyRing = createKeyRing(sealingKey);
  const received: Received[] = [];
  let answer: (path: string) => ReceiverAnswer = () => 204;
  let deliverers: AsyncDisposable[] = [];
  const hearers = new Set<() => void>();
  const receiver = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
      const status = answer(path);
      if (status !== 'never') reply.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const deps = () => ({ db: database.db, keyRing, signals: quietSignals, isAllowedHost });

  const clear = async () => {
    receiver.closeAllConnections();
    await Promise.all(deliverers.map((deliverer) => deliverer[Symbol.asyncDispose]()));
    deliverers = [];
    received.length = 0;
    answer = () => 204;
    await database.sql('delete from webhooks');
  };

  return {
    database,
    keyRing,
    origin,
    received,
    deps,
    wake: () => hearers.forEach((hear) => hear()),
    answer: (by) => void (answer = by),
    newActor: async () =>
      ({
        organizationId: await addOrganization(database.sql),
        userId: null,
        principal: 'user:test',
        role: 'admin',
        scopes: null,
        accountIds: null,
        serviceAdmin: false,
      }) as Actor,
    async startDeliverer() {
      const sender = createWebhookSender({ allow: isAllowedHost });
      const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
      const bus = {
        subscribe: async (_channel: string, hear: () => void) => {
          hearers.add(hear);
          return { [Symbol.asyncDispose]: async () => void hearers.delete(hear) };
        },
      };
      const stack = new AsyncDisposableStack();
      stack.use(sender);
      stack.use(await startWebhookDeliverer({ ...deps(), clock, logger: quiet } as never, { bus, sender } as never));
      deliverers.push(stack);
    },
    add: (actor, path, events) => createWebhook(deps(), actor, { url: `${origin}${path}`, events: events as never }),
    happen: (organizationId, type, data = {}) =>
      database.sql('insert into events (organization_id, type, message, data) values ($1, $2, $3, $4)', [
        organizationId,
        type,
        'It happened.',
        JSON.stringify(data),
      ]),
    deliveriesOf: async (actor, webhookId) =>
      (await listDeliveries(deps(), actor, { webhookId, limit: 100, beforeSequence: null })).items,
    clear,
    async [Symbol.asyncDispose]() {
      await clear();
      receiver.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
