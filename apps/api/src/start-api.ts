import type { AddressInfo } from 'node:net';
import { createDoctorAnswers } from '@vibetribe/core/platforms/diagnose-platform';
import { createCaches } from '@vibetribe/core/caches';
import { createAuthenticator } from '@vibetribe/core/identity/authenticate';
import { createMediaFetcher } from '@vibetribe/core/media/media-fetcher';
import { createSpareBytes } from '@vibetribe/core/media/spare-bytes';
import { openService, type Service } from '@vibetribe/core/open-service';
import { createMediaLibrary } from '@vibetribe/media/media-library';
import { createMediaUrls } from '@vibetribe/media/serve/media-urls';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { httpOrigin } from '@vibetribe/observability/http-origin';
import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { createMetrics } from '@vibetribe/observability/metrics';
import { createQueueAdmin } from '@vibetribe/queue/queue-admin';
import { createRateLimiter } from '@vibetribe/queue/rate-limiter';
import { createAccessTokens } from '@vibetribe/security/access-token';
import { deriveKey } from '@vibetribe/security/derive-key';
import { createPasswordHasher } from '@vibetribe/security/password';
import { createRequestLimiter, requestWindowSeconds } from './http/api-rate-limit.ts';
import type { ApiServices } from './api-services.ts';
import { buildApp } from './app.ts';
import { closeApp } from './close-app.ts';
import type { ApiConfig } from './config.ts';
import { createKnownDevices } from './http/known-device.ts';
import { writtenPoints, writtenWindowSeconds } from './http/written-bytes-limit.ts';
import {
  createMailLimit,
  invitationsPerOrganization,
  type MailLimit,
  mailsPerRecipient,
  mailWindowSeconds,
} from './http/mail-limit.ts';
import { createHealthReport } from './health-report.ts';
import { watchLive } from './live/watch-live.ts';
import { startLiveHub } from './live/live-hub.ts';
import { createRevocations, followRevocations } from './session-revocations.ts';
import {
  createSignInLimit,
  failuresPerAccountFactor,
  failuresPerAddressFactor,
  knownAddressSeconds,
  registrationWindowSeconds,
  slowGuessSeconds,
  signInWindowSeconds,
  triesPerCrowdedAccountFactor,
  type SignInLimit,
} from './http/sign-in-limit.ts';

export interface RunningApi extends AsyncDisposable {
  readonly port: number;
  /** Origin it listens on. */
  readonly url: string;
}

/** Each takes 19 MiB and a thread of the pool. */
const passwordsAtOnce = 4;
/** How much longer than a request may take its connection may stay when the process ends. */
const drainGraceMs = 1_000;
/** Of the time for a request that fetches a file, for looking into it and storing it. */
const storingMs = 10_000;
const tokenIssuer = 'vibetribe';

/**
 * One replica of the API; any number may run. Disposing ends it in order: no new work, requests under way answered, sockets
 * closed, then connections.
 * @throws QueueBackendMismatchError, or the error of whatever could not be opened
 */
export async function startApi(
  config: ApiConfig,
  logger: Logger = createLogger({ app: 'api', level: config.logLevel }),
): Promise<RunningApi> {
  await using starting = new AsyncDisposableStack();
  const metrics = createMetrics('api', logger);
  let publicUrl = config.publicUrl;
  const service = starting.use(
    await openService({
      app: 'api',
      config: { ...config, publicUrl: publicUrl ?? '' },
      logger,
      onPlatformCall: metrics.observePlatformCall,
    }),
  );
  const services = await openApiServices({
    config,
    logger,
    metrics,
    service,
    starting,
    publicUrl: () => publicUrl ?? '',
  });
  const app = starting.adopt(await buildApp(services), (built) =>
    closeApp(built, { drainMs: config.requestTimeoutMs + drainGraceMs }),
  );
  starting.defer(() => {
    services.health.startClosing();
    services.live.closeAll();
  });

  await app.listen({ port: config.port, host: config.host });
  const { port } = app.server.address() as AddressInfo;
  const url = httpOrigin(config.host, port);
  publicUrl ??= url;
  const running = starting.move();
  return { port, url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function openApiServices({
  config,
  logger,
  metrics,
  service: { core, db, queue, bus },
  starting,
  publicUrl,
}: {
  config: ApiConfig;
  logger: Logger;
  metrics: ApiServices['metrics'];
  service: Service;
  starting: AsyncDisposableStack;
  publicUrl: () => string;
}): Promise<ApiServices> {
  const { clock } = core;
  const passwords = createPasswordHasher({ concurrencyMax: passwordsAtOnce });
  const accessTokens = createAccessTokens({ secret: config.authSecret, issuer: tokenIssuer, now: () => clock.now() });
  const caches = createCaches({
    clock,
    defaultTtlMs: config.cacheTtlMs,
    onLookUp: (each) => metrics.countCacheLookUp(each),
  });
  const authenticator = createAuthenticator({ db, accessTokens, caches });
  const live = starting.use(await startLiveHub({ db, bus, authenticator, clock, logger }));
  watchLive(metrics, live);
  starting.use(await followRevocations(bus, { authenticator, live, logger }));
  const revocations = createRevocations(bus, { authenticator, live, logger });
  const requests = starting.use(
    createRateLimiter(queue, { name: 'api', points: config.apiRateLimit, durationSeconds: requestWindowSeconds }),
  );
  const now = () => clock.now();
  const media = starting.use(
    createMediaLibrary({ ...config, spareBytes: createSpareBytes({ ...config, db, clock }), now }),
  );
  const fetchMs = Math.max(1_000, config.requestTimeoutMs - storingMs);
  const mediaFetcher = starting.use(createMediaFetcher({ allow: core.isAllowedHost, media, withinMs: fetchMs }));
  const mediaKey = deriveKey(config.authSecret, 'media-url');
  const queueAdmin = createQueueAdmin(queue, platformIds);
  return {
    ...core,
    passwords,
    accessTokens,
    revocations,
    authenticator,
    caches,
    live,
    wakeCron: () =>
      void bus.publish('tasks', '').catch((error: unknown) => logger.warn({ err: error }, 'cron was not told')),
    metrics,
    doctorAnswers: createDoctorAnswers({ clock }),
    queueAdmin,
    media,
    mediaFetcher,
    mediaUrls: createMediaUrls({ store: media.store, key: mediaKey, origin: publicUrl, now }),
    mediaQuotaBytes: config.mediaQuotaBytes,
    publicUrl,
    sendsMail: config.smtpUrl !== null,
    registrationOpen: config.registrationOpen,
    requestLimiter: createRequestLimiter(requests, config.apiRateLimit),
    signInLimit: openSignInLimit(queue, config, starting),
    knownDevices: createKnownDevices({ key: deriveKey(config.authSecret, 'known-device'), now }),
    mailLimit: openMailLimit(queue, config, starting),
    writtenBytes: starting.use(
      createRateLimiter(queue, {
        name: 'written',
        points: writtenPoints(config.apiBytesPerHour),
        durationSeconds: writtenWindowSeconds,
      }),
    ),
    health: createHealthReport({ db, queue, queueAdmin, live, disk: media.disk, logger, clock }),
    trustProxy: config.trustProxy,
    // Behind a proxy the loopback address is the proxy's.
    trustsLoopback: config.trustLoopback && config.trustProxy.length === 0,
    securityContact: config.securityContact,
    redirectOrigins: config.redirectOrigins,
    requestTimeoutMs: config.requestTimeoutMs,
  };
}

function openSignInLimit(
  queue: Service['queue'],
  { loginRateLimit, registrationRateLimit }: Pick<ApiConfig, 'loginRateLimit' | 'registrationRateLimit'>,
  starting: AsyncDisposableStack,
): SignInLimit {
  const limiter = (name: string, points: number, durationSeconds = signInWindowSeconds) =>
    starting.use(createRateLimiter(queue, { name, points, durationSeconds, isExact: true }));
  return createSignInLimit({
    byEmail: limiter('login-email', loginRateLimit),
    byAddress: limiter('login-address', loginRateLimit * failuresPerAddressFactor),
    byAccount: limiter('login-account', loginRateLimit * failuresPerAccountFactor),
    crowded: limiter('login-crowded', loginRateLimit * triesPerCrowdedAccountFactor),
    slowGuesses: limiter('login-slow', 1, slowGuessSeconds),
    registrations: limiter('register', registrationRateLimit, registrationWindowSeconds),
    known: limiter('login-known', 1, knownAddressSeconds),
  });
}

function openMailLimit(
  queue: Service['queue'],
  { loginRateLimit }: Pick<ApiConfig, 'loginRateLimit'>,
  starting: AsyncDisposableStack,
): MailLimit {
  const limiter = (name: string, points: number) =>
    starting.use(createRateLimiter(queue, { name, points, durationSeconds: mailWindowSeconds, isExact: true }));
  return createMailLimit({
    askers: limiter('mail-asker', loginRateLimit),
    recipients: limiter('mail-recipient', mailsPerRecipient),
    inviters: limiter('mail-inviter', invitationsPerOrganization),
    invited: limiter('mail-invited', mailsPerRecipient),
  });
}
