import type { BackendFactory, IQueueBackend, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { QueueRetention } from './queue-retention.ts';
import type { SharedPostgresConnection } from './shared-postgres-connection.ts';

/** What is written of a job: nothing that could be a secret or grow. */
export interface PublishJobData {
  readonly publications: readonly QueuedPublication[];
}

export interface QueuedPublication {
  readonly publicationId: string;
  readonly generation: number;
}

/** The methods of a pino logger that this package uses. */
export interface QueueLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where jobs, limits and messages of this process live. */
export type QueueStore =
  | { readonly kind: 'redis'; readonly redis: Redis }
  | { readonly kind: 'postgres'; readonly pool: pg.Pool; readonly shared: SharedPostgresConnection };

export type JobQueue = Queue<PublishJobData, void, string, PublishJobData, void, string, IQueueBackend, QueueStore>;

export interface QueueHealth {
  ok: boolean;
  latencyMs: number;
  /** One sentence for an operator, without addresses' credentials. */
  detail: string;
}

export interface QueueConnection extends AsyncDisposable {
  readonly kind: 'redis' | 'postgres';
  /** Key prefix on Redis; PostgreSQL has the schema `bullmq` instead. */
  readonly prefix: string;
  readonly store: QueueStore;
  readonly retention: QueueRetention;
  readonly logger: QueueLogger;
  readonly backendFactory: BackendFactory<IQueueBackend, QueueStore>;
  /** The one producer of this process for the queue; made at its first use, closed with the connection. */
  openQueue(name: string): JobQueue;
  /** A round trip with a bound of its own; never rejects. */
  health(): Promise<QueueHealth>;
}
