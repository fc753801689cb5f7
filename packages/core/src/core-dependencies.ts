import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Database } from '@vibetribe/db/connect-database';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { LateFence, PlatformCall } from '@vibetribe/platforms/http/create-platform-http';
import type { PlatformHttp, PlatformResponse } from '@vibetribe/platforms/port/platform-http';
import type { Logger } from '@vibetribe/observability/logger';
import type { OAuthClient, PlatformEndpoints } from '@vibetribe/platforms/port/endpoints';
import type { Clock } from '@vibetribe/resilience/clock';
import type { SingleFlight } from '@vibetribe/resilience/single-flight';
import type { KeyRing } from '@vibetribe/security/key-ring';
import type { Failpoints } from './publishing/failpoints.ts';

/** What the rules of the product need from outside. Each verb takes a `Pick` of it. */
export interface CoreDependencies {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signals: Signals;
  readonly adapters: Readonly<Record<PlatformId, PlatformAdapter>>;
  readonly endpoints: (platform: PlatformId) => PlatformEndpoints;
  /** A client for one piece of work: every call it makes ends when `timeoutMs` is over, counted from here. */
  readonly platformHttp: (
    platform: PlatformId,
    options: {
      timeoutMs: number;
      lateFence?: LateFence;
      /** Runs when the body is about to be handed over, before the late fence looks at the clocks. */
      beforeBody?: (() => Promise<void>) | undefined;
      onCall?: (call: PlatformCall) => void;
      onAnswer?: (answer: PlatformResponse) => void;
    },
  ) => PlatformHttp;
  readonly postsPerHour: (platform: PlatformId) => number;
  /** Posts in 24 hours of all accounts behind the service's application, null for no limit. */
  readonly appPostsPerDay: (platform: PlatformId) => number | null;
  /** What reading numbers may cost there in a month, dollars; null where the operator has not switched it on. */
  readonly metricsMonthlyUsd: (platform: PlatformId) => number | null;
  readonly failpoints: Failpoints;
  /** By place: as whom this process is being made known to servers just now. */
  readonly clientsBeingMade: SingleFlight<string, OAuthClient | null>;
}

/** Hints to other processes. They may be lost: whoever waits for one also looks from time to time without it. */
export interface Signals {
  /** Events were committed: whoever feeds clients should read the log. */
  eventsCommitted(): void;
  /** Something is due soon or sooner than before: the dispatchers should look. */
  dispatchSoon(): void;
}
