import { CoreEnv, type CoreConfig, coreConfigOf } from '@vibetribe/core/core-config';
import {
  checkMediaEnv,
  mediaEnvShape,
  mediaSettingsOf,
  type MediaSettings,
} from '@vibetribe/core/media/media-settings';
import { ListenHost } from '@vibetribe/core/listen-host';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import type { PublishSettings } from '@vibetribe/core/publishing/publish-settings';
import { z } from 'zod';

const Milliseconds = z.coerce.number().int().min(1).max(86_400_000);

const secretCharactersMin = 32;
/** Long enough to spare most posts of a line the way through the queue, short beside what others wait for a place. */
const lineTurnMs = 1_000;

const PublisherEnv = CoreEnv.extend({
  ...mediaEnvShape,
  AUTH_SECRET: z
    .string()
    .min(secretCharactersMin, { error: `must have at least ${secretCharactersMin} characters` })
    .optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: ListenHost.default('127.0.0.1'),
  PUBLISH_CONCURRENCY: z.coerce.number().int().min(1).max(1000).default(32),
  PUBLISH_RETRY_DELAYS_MS: z
    .string()
    .regex(/^\d{1,8}(\s*,\s*\d{1,8})*$/, { error: 'must be a list of milliseconds such as 60000,300000,900000' })
    .default('60000,300000,900000')
    .transform((list) => list.split(',').map(Number)),
  PUBLISH_TIMEOUT_MS: Milliseconds.default(30_000),
  CLAIM_LEASE_MS: Milliseconds.default(60_000),
  RECONCILE_QUIET_MS: Milliseconds.optional(),
  SWEEP_INTERVAL_MS: Milliseconds.default(10_000),
  CIRCUIT_BREAKER_FAILURE_THRESHOLD: z.coerce.number().int().min(1).max(10_000).default(5),
  CIRCUIT_BREAKER_TIMEOUT: Milliseconds.default(60_000),
  BURST_GUARD_SPACING_MS: Milliseconds.default(2_000),
  BURST_GUARD_SPREAD_MS: Milliseconds.default(60_000),
}).superRefine(checkMediaEnv);

export interface PublisherConfig extends CoreConfig, MediaSettings {
  /** Signs the addresses of media for a person who posts by hand; null: none are given. */
  readonly authSecret: string | null;
  /** Of /health and /metrics; 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** Publications sent at once, per platform; an organization alone takes three quarters of them at most, a user's server half. */
  readonly concurrency: number;
  readonly sweepIntervalMs: number;
  readonly settings: PublishSettings;
}

/** @throws EnvironmentError naming every fault at once */
export function parsePublisherConfig(rawEnv: Readonly<Record<string, string | undefined>>): PublisherConfig {
  const env = parseEnvironment(PublisherEnv, rawEnv);
  return {
    ...coreConfigOf(env, rawEnv),
    ...mediaSettingsOf(env),
    authSecret: env.AUTH_SECRET ?? null,
    port: env.PORT,
    host: env.HOST,
    concurrency: env.PUBLISH_CONCURRENCY,
    sweepIntervalMs: env.SWEEP_INTERVAL_MS,
    settings: {
      retryDelaysMs: env.PUBLISH_RETRY_DELAYS_MS,
      // A send has to end before its lease does, whatever was configured.
      publishTimeoutMs: Math.min(env.PUBLISH_TIMEOUT_MS, Math.floor(env.CLAIM_LEASE_MS * 0.6)),
      claimLeaseMs: env.CLAIM_LEASE_MS,
      reconcileQuietMs: env.RECONCILE_QUIET_MS ?? null,
      breakerFailureThreshold: env.CIRCUIT_BREAKER_FAILURE_THRESHOLD,
      breakerTimeoutMs: env.CIRCUIT_BREAKER_TIMEOUT,
      lineTurnMs,
      burstGuard: { spacingMs: env.BURST_GUARD_SPACING_MS, spreadMs: env.BURST_GUARD_SPREAD_MS },
    },
  };
}
