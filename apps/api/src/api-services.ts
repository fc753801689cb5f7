import type { DoctorAnswers } from '@vibetribe/core/platforms/diagnose-platform';
import type { Caches } from '@vibetribe/core/caches';
import type { CoreDependencies } from '@vibetribe/core/core-dependencies';
import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { IdentityDependencies } from '@vibetribe/core/identity/identity-dependencies';
import type { MediaFetcher } from '@vibetribe/core/media/media-fetcher';
import type { MediaDependencies } from '@vibetribe/core/media/media-dependencies';
import type { WebhookDependencies } from '@vibetribe/core/webhooks/manage-webhooks';
import type { Metrics } from '@vibetribe/observability/metrics';
import type { QueueAdmin } from '@vibetribe/queue/queue-admin';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';
import type { RequestLimiter } from './http/api-rate-limit.ts';
import type { HealthReport } from './health-report.ts';
import type { KnownDevices } from './http/known-device.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { MailLimit } from './http/mail-limit.ts';
import type { SignInLimit } from './http/sign-in-limit.ts';

/** What the routes are given. Each plugin says with a `Pick` what it uses. */
export interface ApiServices
  extends CoreDependencies, IdentityDependencies, MediaDependencies, Pick<WebhookDependencies, 'isAllowedHost'> {
  /** Whether mail can be sent at all. */
  readonly sendsMail: boolean;
  readonly authenticator: Authenticator;
  readonly caches: Caches;
  readonly mediaFetcher: MediaFetcher;
  readonly requestLimiter: RequestLimiter;
  readonly signInLimit: SignInLimit;
  readonly knownDevices: KnownDevices;
  readonly mailLimit: MailLimit;
  /** By organization. */
  readonly writtenBytes: Pick<RateLimiter, 'consume'>;
  readonly doctorAnswers: DoctorAnswers;
  readonly metrics: Metrics;
  readonly health: HealthReport;
  readonly queueAdmin: QueueAdmin;
  readonly live: LiveHub;
  /** Tells the cron processes that a task was asked for; they look for themselves every minute. */
  readonly wakeCron: () => void;
  /** Origin of the API as browsers and platforms see it, without a slash at its end; known once it listens. */
  readonly publicUrl: () => string;
  /** Addresses and ranges of proxies whose word about a client's address counts. */
  readonly trustProxy: readonly string[];
  /** Whether a caller on this machine counts as an operator. */
  readonly trustsLoopback: boolean;
  /** URI of whom to tell about a weakness; null: `security@` the public host. */
  readonly securityContact: string | null;
  /** Origins of frontends. */
  readonly redirectOrigins: readonly string[];
  readonly requestTimeoutMs: number;
}
