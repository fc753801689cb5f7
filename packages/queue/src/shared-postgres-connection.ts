import { EventEmitter } from 'node:events';
import { assertSchemaCompatibility, PostgresConnection, PostgresQueueBackend, type PgPool } from 'bullmq';
import type { QueueBaseOptions } from 'bullmq';
import { serializeQueries } from './serialize-queries.ts';

/**
 * One pool and one LISTEN connection for all queues and workers of the process, where BullMQ by itself opens one of each
 * for every queue object.
 */
export class SharedPostgresConnection extends PostgresConnection {
  #ready: Promise<void> | null = null;
  readonly #inTurn = new WeakSet<object>();

  constructor(pool: PgPool) {
    super(pool);
    this.setMaxListeners(0);
    // Queues forward the errors to their owners. Before the first queue exists an error without a listener would end the process.
    this.on('error', () => undefined);
  }

  /** BullMQ remembers a failed start for ever: a queue opened while PostgreSQL restarts would never work. */
  override waitUntilReady(): Promise<void> {
    this.#ready ??= assertSchemaCompatibility(this.pool, this.schema).then(
      () => undefined,
      (error: unknown) => {
        this.#ready = null;
        throw error;
      },
    );
    return this.#ready;
  }

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    // At the start each worker sends its LISTEN on this one client; pg must not get a query while another runs.
    if (!this.#inTurn.has(client)) {
      this.#inTurn.add(client);
      serializeQueries(client);
    }
    // Each worker that waits for a job adds a listener.
    if (client instanceof EventEmitter) client.setMaxListeners(0);
    return client;
  }
}

/** A queue's or worker's view of the shared connection: closing it ends its own waits and leaves the others alone. */
export class SharedPostgresBackend extends PostgresQueueBackend {
  constructor(shared: SharedPostgresConnection, queueName: string, options: Omit<QueueBaseOptions, 'connection'>) {
    super(shared, queueName, { ...options, connection: shared.pool }, true);
  }

  /** Seconds. BullMQ waits up to an hour for a job that is due later: too long for whoever asks whether the worker still looks. */
  override get maximumBlockTimeout(): number {
    return 10;
  }

  override async close(): Promise<void> {
    this.closing ??= this.disconnectBlocking();
    await this.closing;
  }

  override async disconnect(): Promise<void> {
    await this.disconnectBlocking();
  }
}
