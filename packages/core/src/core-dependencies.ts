import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Database } from '@vibetribe/db/connect-database';
import type { PlatformAdapter, PlatformEndpoints } from '@vibetribe/platforms/adapter';
import type { PlatformHttp } from '@vibetribe/platforms/platform-http';
import type { Logger } from '@vibetribe/observability/logger';
import type { Clock } from '@vibetribe/resilience/clock';
import type { KeyRing } from '@vibetribe/security/key-ring';

/** What the rules of the product need from outside. Each verb takes a `Pick` of it. */
export interface CoreDependencies {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signals: Signals;
  readonly adapters: Readonly<Record<PlatformId, PlatformAdapter>>;
  readonly endpoints: (platform: PlatformId) => PlatformEndpoints;
  /** A client for calls that publish nothing: connecting, refreshing, reading back. */
  readonly platformHttp: (platform: PlatformId, timeoutMs: number) => PlatformHttp;
  readonly postsPerHour: (platform: PlatformId) => number;
}

/** Doorbells to other processes. They may be lost: whoever waits for one also looks by itself from time to time. */
export interface Signals {
  /** Events were committed: whoever feeds clients should read the log. */
  eventsCommitted(): void;
  /** Something is due soon or sooner than before: the dispatchers should look. */
  dispatchSoon(): void;
}
