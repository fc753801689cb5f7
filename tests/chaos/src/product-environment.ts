import { platformIds } from '@vibetribe/contracts/platform-id';

/** Those whose every failpoint is tried. */
export const chaosPlatforms = ['bluesky', 'mastodon', 'x'] as const;
/** Those that a chaos run has beside them. */
export const furtherPlatforms = platformIds.filter((platform) => !isChaosPlatform(platform));
export type ChaosPlatform = (typeof chaosPlatforms)[number];

function isChaosPlatform(platform: string): platform is ChaosPlatform {
  return (chaosPlatforms as readonly string[]).includes(platform);
}

/** The product's own times, made short so that a run sees many of them. Each stands to the others as its default does. */
export const shortTimes = {
  CLAIM_LEASE_MS: '5000',
  PUBLISH_TIMEOUT_MS: '2500',
  RECONCILE_QUIET_MS: '2000',
  SWEEP_INTERVAL_MS: '500',
  PUBLISH_RETRY_DELAYS_MS: '200,400,800,1500,1500,1500,1500,1500,1500,1500,1500,1500',
  CIRCUIT_BREAKER_TIMEOUT: '1500',
  // As many claims as a slow machine can send within so short a lease.
  PUBLISH_CONCURRENCY: '6',
  // Longer than a request waits for a connection: else an API under load works for clients that have gone.
  REQUEST_TIMEOUT: '15000',
} as const;

export function sharedEnvironment(options: {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly sandboxUrl: string;
  readonly ssrfAllow: readonly string[];
  readonly secret: () => Buffer;
  readonly overrides: Readonly<Record<string, string>>;
}): Record<string, string> {
  const limits = Object.fromEntries(
    platformIds.flatMap((platform) =>
      ['RATE_LIMIT_', 'RATE_LIMIT_APP_'].map((name) => [
        `${name}${platform.toUpperCase().replaceAll('-', '_')}`,
        '100000',
      ]),
    ),
  );
  return {
    DATABASE_URL: options.databaseUrl,
    DATA_DIR: options.dataDir,
    AUTH_SECRET: options.secret().toString('hex'),
    ENCRYPTION_KEYS: `k1:${options.secret().toString('base64')}`,
    SANDBOX_URL: options.sandboxUrl,
    SSRF_ALLOW: options.ssrfAllow.join(','),
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    API_RATE_LIMIT: '1000000',
    LOGIN_RATE_LIMIT: '1000000',
    DB_POOL_MAX: '6',
    DB_POOL_MIN: '0',
    BURST_GUARD_SPACING_MS: '1',
    ...limits,
    ...shortTimes,
    ...options.overrides,
  };
}

/** What to start for a publisher that fails on purpose or goes without a protection. `failpoints`: see `test-failpoints.ts`. */
export function publisherUnderTest(options: {
  readonly without?: readonly string[];
  readonly failpoints?: readonly string[];
  readonly controlUrl?: string;
}): {
  entry: string;
  env: Record<string, string>;
} {
  return {
    entry: 'tests/chaos/src/publisher-under-test.ts',
    env: {
      TEST_WITHOUT: (options.without ?? []).join(','),
      TEST_FAILPOINTS: (options.failpoints ?? []).join(','),
      ...(options.controlUrl === undefined ? {} : { TEST_CONTROL_URL: options.controlUrl }),
    },
  };
}
