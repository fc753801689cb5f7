import { platformIds, type PlatformId } from '@vibetribe/contracts/platform-id';
import { defaultRolePrefix, rolePrefixPattern } from '@vibetribe/db/role-names';
import type { QueueRetention } from '@vibetribe/queue/queue-retention';
import { parseEncryptionKeys } from '@vibetribe/security/parse-encryption-keys';
import { z } from 'zod';

/** What every process of the product reads from its environment; an app extends it with its own: `CoreEnv.extend({ ... })`. */
export const CoreEnv = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  DB_ROLE_PREFIX: z
    .string()
    .regex(rolePrefixPattern, { error: 'must have small letters, digits and _ only' })
    .default(defaultRolePrefix),
  DB_POOL_MAX: z.coerce.number().int().min(1).max(1000).default(20),
  DB_POOL_MIN: z.coerce.number().int().min(0).max(1000).default(5),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' }).optional(),
  REDIS_HOST: z.string().optional(),
  REDIS_PORT: z.coerce.number().int().min(1).max(65_535).default(6379),
  REDIS_PASSWORD: z.string().optional(),
  REDIS_DB: z.coerce.number().int().min(0).max(1000).default(0),
  QUEUE_COMPLETED_MAX: z.coerce.number().int().min(1).max(100_000).default(100),
  QUEUE_COMPLETED_HOURS: z.coerce.number().int().min(1).max(8_760).default(24),
  QUEUE_FAILED_MAX: z.coerce.number().int().min(1).max(100_000).default(50),
  QUEUE_FAILED_HOURS: z.coerce.number().int().min(1).max(8_760).default(168),
  ENCRYPTION_KEYS: z.string().superRefine(checkEncryptionKeys),
  SANDBOX_URL: HttpOrigin().optional(),
  SSRF_ALLOW: HostPortList().default([]),
  PUBLIC_URL: HttpOrigin().default('http://127.0.0.1:3000'),
  TRUST_LOOPBACK: z.enum(['on', 'off']).default('on'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ...rateLimitShape(),
  ...metricsCostShape(),
});
export type CoreEnv = z.infer<typeof CoreEnv>;

export interface CoreConfig {
  readonly databaseUrl: string;
  /** Of the database's roles, which the migration makes. */
  readonly dbRolePrefix: string;
  readonly dbPoolMax: number;
  readonly dbPoolMin: number;
  /** Null: queues and fan-out live in PostgreSQL. */
  readonly redisUrl: string | null;
  /** Of ended jobs. */
  readonly queueRetention: QueueRetention;
  readonly encryptionKeys: string;
  /** Origin of the platform sandbox, without a slash at its end. */
  readonly sandboxUrl: string | null;
  /** `host:port` entries that the address guard lets through. */
  readonly ssrfAllow: readonly string[];
  /** Origin of the API as browsers and platforms see it, without a slash at its end. */
  readonly publicUrl: string;
  /** Whether a caller on this machine counts as an operator, where no proxy is named. */
  readonly trustLoopback: boolean;
  readonly logLevel: CoreEnv['LOG_LEVEL'];
  /** Posts an hour and account where the operator set one; elsewhere the platform's own. */
  readonly postsPerHour: Readonly<Partial<Record<PlatformId, number>>>;
  /** Posts in 24 hours and application where the operator said so, 0 for no limit; elsewhere the platform's own. */
  readonly appPostsPerDay: Readonly<Partial<Record<PlatformId, number>>>;
  /** What reading numbers may cost in a month, dollars, where the operator has switched it on. */
  readonly metricsMonthlyUsd: Readonly<Partial<Record<PlatformId, number>>>;
  /** The environment's entries about platforms, such as `X_CLIENT_ID`. */
  readonly platformEnv: Readonly<Record<string, string | undefined>>;
}

/** @param rawEnv the environment `env` was parsed from: platform settings have open names */
export function coreConfigOf(env: CoreEnv, rawEnv: Readonly<Record<string, string | undefined>>): CoreConfig {
  return {
    databaseUrl: env.DATABASE_URL,
    dbRolePrefix: env.DB_ROLE_PREFIX,
    dbPoolMax: env.DB_POOL_MAX,
    dbPoolMin: Math.min(env.DB_POOL_MIN, env.DB_POOL_MAX),
    redisUrl: redisUrlOf(env),
    queueRetention: {
      completedMax: env.QUEUE_COMPLETED_MAX,
      completedSeconds: env.QUEUE_COMPLETED_HOURS * 3_600,
      failedMax: env.QUEUE_FAILED_MAX,
      failedSeconds: env.QUEUE_FAILED_HOURS * 3_600,
    },
    encryptionKeys: env.ENCRYPTION_KEYS,
    sandboxUrl: env.SANDBOX_URL ?? null,
    ssrfAllow: env.SSRF_ALLOW,
    publicUrl: env.PUBLIC_URL,
    trustLoopback: env.TRUST_LOOPBACK === 'on',
    logLevel: env.LOG_LEVEL,
    postsPerHour: limitsOf(env, rateLimitName),
    appPostsPerDay: limitsOf(env, appRateLimitName),
    metricsMonthlyUsd: limitsOf(env, metricsCostName, 0),
    platformEnv: platformEnvOf(rawEnv),
  };
}

function redisUrlOf(env: CoreEnv): string | null {
  if (env.REDIS_URL !== undefined) return env.REDIS_URL;
  if (env.REDIS_HOST === undefined) return null;
  const password = env.REDIS_PASSWORD === undefined ? '' : `:${encodeURIComponent(env.REDIS_PASSWORD)}@`;
  return `redis://${password}${env.REDIS_HOST}:${env.REDIS_PORT}/${env.REDIS_DB}`;
}

function rateLimitName(platform: PlatformId): `RATE_LIMIT_${string}` {
  return `RATE_LIMIT_${environmentName(platform)}`;
}

function appRateLimitName(platform: PlatformId): `RATE_LIMIT_${string}` {
  return `RATE_LIMIT_APP_${environmentName(platform)}`;
}

function metricsCostName(platform: PlatformId): `${string}_ANALYTICS_MONTHLY_USD` {
  return `${environmentName(platform)}_ANALYTICS_MONTHLY_USD`;
}

function environmentName(platform: PlatformId): string {
  return platform.replaceAll('-', '_').toUpperCase();
}

function rateLimitShape() {
  const rule = (postsMin: number) => z.coerce.number().int().min(postsMin).max(1_000_000).optional();
  const shape: Record<`RATE_LIMIT_${string}`, ReturnType<typeof rule>> = {};
  for (const platform of platformIds) {
    shape[rateLimitName(platform)] = rule(1);
    shape[appRateLimitName(platform)] = rule(0);
  }
  return shape;
}

function metricsCostShape() {
  const rule = () => z.coerce.number().min(0).max(1_000_000).optional();
  return Object.fromEntries(platformIds.map((platform) => [metricsCostName(platform), rule()])) as Record<
    `${string}_ANALYTICS_MONTHLY_USD`,
    ReturnType<typeof rule>
  >;
}

/** @param above smaller ones count as not set */
function limitsOf(
  env: CoreEnv,
  nameOf: (platform: PlatformId) => string,
  above = -1,
): Partial<Record<PlatformId, number>> {
  const limits: Partial<Record<PlatformId, number>> = {};
  for (const platform of platformIds) {
    const limit: unknown = Reflect.get(env, nameOf(platform));
    if (typeof limit === 'number' && limit > above) limits[platform] = limit;
  }
  return limits;
}

function platformEnvOf(rawEnv: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const costs: ReadonlySet<string> = new Set(platformIds.map(metricsCostName));
  const prefixes = platformIds.map((platform) => `${environmentName(platform)}_`);
  return Object.fromEntries(
    Object.entries(rawEnv).filter(
      ([name, value]) => value !== '' && !costs.has(name) && prefixes.some((prefix) => name.startsWith(prefix)),
    ),
  );
}

function checkEncryptionKeys(spec: string, context: z.RefinementCtx<string>): void {
  try {
    parseEncryptionKeys(spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    context.addIssue({ code: 'custom', message: error.message.replace(/^ENCRYPTION_KEYS: /, '') });
  }
}

function HttpOrigin() {
  return z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).transform((url) => url.replace(/\/+$/, ''));
}

/** `host:port,host:port`, IPv6 hosts in brackets. */
function HostPortList() {
  return z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    )
    .pipe(
      z.array(z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, { error: 'must be a list of host:port' })),
    );
}
