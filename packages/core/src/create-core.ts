import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import {
  createPlatformHttp,
  platformAgentOptions,
  type PlatformCall,
} from '@vibetribe/platforms/http/create-platform-http';
import { pathPattern } from '@vibetribe/platforms/http/path-pattern';
import { platformEndpoints } from '@vibetribe/platforms/endpoints';
import { createProofNonces } from '@vibetribe/platforms/http/prove-possession';
import { adapters } from '@vibetribe/platforms/registry';
import type { Clock } from '@vibetribe/resilience/clock';
import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import { createGuardedAgent } from '@vibetribe/security/guarded-agent';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { createAllowedHosts } from './allowed-hosts.ts';
import type { CoreConfig } from './core-config.ts';
import type { CoreDependencies } from './core-dependencies.ts';
import { noFailpoints, type Failpoints } from './publishing/failpoints.ts';
import { createSignals, type SignalBus } from './create-signals.ts';
import { createUnitCounter } from './platforms/platform-units.ts';

export interface CoreOptions {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bus: SignalBus;
  readonly config: Pick<CoreConfig, 'sandboxUrl' | 'ssrfAllow' | 'postsPerHour' | 'appPostsPerDay' | 'platformEnv'> &
    Partial<Pick<CoreConfig, 'metricsMonthlyUsd'>>;
  /** For tests that kill, freeze and fail processes on purpose. */
  readonly failpoints?: Failpoints | undefined;
  /** Told of every finished call to a platform, for metrics. */
  readonly onPlatformCall?: ((call: PlatformCall) => void) | undefined;
}

/** The dependencies of the verbs. Disposing ends the connections it made: those to platforms. */
export interface Core extends CoreDependencies, AsyncDisposable {
  /** Whether the operator lets an address through that is not public. */
  readonly isAllowedHost: (host: string, port: number) => Promise<boolean>;
}

const connectTimeoutMs = 10_000;

/** Composes what the verbs need out of what the process has opened; it closes only what it made itself. */
export function createCore({
  db,
  keyRing,
  clock,
  logger,
  bus,
  config,
  failpoints = noFailpoints,
  onPlatformCall,
}: CoreOptions): Core {
  const isAllowedHost = createAllowedHosts({
    ssrfAllow: config.ssrfAllow,
    sandboxUrl: config.sandboxUrl,
    monotonicMs: () => clock.monotonicMs(),
    onError: (error) => logger.warn({ err: error }, 'the sandbox did not tell its hosts'),
  });
  const dispatcher = createGuardedAgent({
    ...withoutFixed(platformAgentOptions),
    connectTimeoutMs,
    allow: isAllowedHost,
  });
  const signals = createSignals({ bus, onError: (error) => logger.warn({ err: error }, 'a signal could not be sent') });
  const nonces = createProofNonces();
  const units = createUnitCounter({ db, adapters, logger });
  return {
    db,
    keyRing,
    clock,
    logger,
    signals,
    isAllowedHost,
    adapters,
    failpoints,
    clientsBeingMade: createSingleFlight(),
    endpoints: (platform) =>
      platformEndpoints(platform, { sandboxUrl: config.sandboxUrl ?? undefined, env: config.platformEnv }),
    postsPerHour: (platform: PlatformId) => config.postsPerHour[platform] ?? adapters[platform].limits.postsPerHour,
    appPostsPerDay: (platform: PlatformId) => {
      const posts = config.appPostsPerDay[platform] ?? adapters[platform].limits.appPostsPerDay;
      return posts === 0 ? null : posts;
    },
    metricsMonthlyUsd: (platform: PlatformId) => config.metricsMonthlyUsd?.[platform] ?? null,
    platformHttp: (platform, { timeoutMs, lateFence, beforeBody, onCall, onAnswer }) =>
      createPlatformHttp({
        dispatcher,
        platform,
        deadline: AbortSignal.timeout(timeoutMs),
        deadlineMonotonicMs: clock.monotonicMs() + timeoutMs,
        // A process that was frozen and wakes up late sends nothing, whoever asked.
        lateFence: lateFence ?? {
          sendBeforeMonotonicMs: clock.monotonicMs() + timeoutMs,
          sendBeforeWallMs: clock.now().getTime() + timeoutMs,
        },
        beforeBody,
        onAnswer,
        nonces,
        onCall(call) {
          const { platform: id, method, host, path, outcome, durationMs } = call;
          logger.debug(
            { platform: id, method, host, path: pathPattern(path), ...outcome, durationMs },
            'platform call',
          );
          units.count(call);
          onPlatformCall?.(call);
          onCall?.(call);
        },
        wallClockMs: () => clock.now().getTime(),
        monotonicMs: () => clock.monotonicMs(),
      }),
    async [Symbol.asyncDispose]() {
      await signals[Symbol.asyncDispose]();
      await dispatcher.close();
      await units[Symbol.asyncDispose]();
    },
  };
}

/** The guard sets these two itself. */
function withoutFixed({ allowH2: _h2, pipelining: _pipelining, ...rest }: typeof platformAgentOptions) {
  return rest;
}
