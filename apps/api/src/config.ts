import { CoreEnv, coreConfigOf, type CoreConfig } from '@vibetribe/core/core-config';
import {
  checkMediaEnv,
  mediaEnvShape,
  mediaSettingsOf,
  type MediaSettings,
} from '@vibetribe/core/media/media-settings';
import { mailEnvShape, mailSettingsOf, type MailSettings } from '@vibetribe/core/mail/mail-settings';
import { ListenHost } from '@vibetribe/core/listen-host';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { z } from 'zod';
import { isProxyEntry } from './http/trust-proxy.ts';

const secretCharactersMin = 32;
/** An hour and address: an office may sign up. */
const registrationsMin = 200;

const ApiEnv = CoreEnv.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: ListenHost.default('127.0.0.1'),
  PUBLIC_URL: CoreEnv.shape.PUBLIC_URL.unwrap().optional(),
  AUTH_SECRET: z.string().min(secretCharactersMin, { error: `must have at least ${secretCharactersMin} characters` }),
  ...mediaEnvShape,
  ...mailEnvShape,
  REQUEST_TIMEOUT: z.coerce.number().int().min(100).max(600_000).default(30_000),
  CACHE_DEFAULT_TTL: z.coerce.number().int().min(0).max(86_400).default(3_600),
  API_RATE_LIMIT: z.coerce.number().int().min(1).default(12_000),
  API_BYTES_PER_HOUR: z.coerce.number().int().min(1_000_000).default(256_000_000),
  LOGIN_RATE_LIMIT: z.coerce.number().int().min(1).default(10),
  REGISTRATION_RATE_LIMIT: z.coerce.number().int().min(1).optional(),
  REGISTRATION: z.enum(['open', 'closed']).default('open'),
  TRUST_PROXY: z
    .string()
    .transform(listOf)
    .pipe(
      z.array(
        z
          .string()
          .refine(isProxyEntry, { error: 'must be a list of addresses or ranges such as 10.0.0.5,10.1.0.0/16' }),
      ),
    )
    .prefault(''),
  SECURITY_CONTACT: z
    .union([z.email().transform((email) => `mailto:${email}`), z.url({ protocol: /^(mailto|https|tel)$/ })], {
      error: 'must be an email address or an https:// address',
    })
    .optional(),
  REDIRECT_ORIGINS: z
    .string()
    .transform(listOf)
    .pipe(z.array(z.url({ protocol: /^https?$/, error: 'must be a list of origins' })))
    .prefault(''),
}).superRefine(checkMediaEnv);

export interface ApiConfig extends Omit<CoreConfig, 'publicUrl'>, MediaSettings, MailSettings {
  /** 0 picks a free one. */
  readonly port: number;
  readonly host: string;
  /** Null: the address it listens on. */
  readonly publicUrl: string | null;
  readonly authSecret: string;
  readonly requestTimeoutMs: number;
  /** How long what is remembered may be used where nothing says that it has changed; 0: nothing is. */
  readonly cacheTtlMs: number;
  /** Requests a minute, for each principal and each unauthenticated address. */
  readonly apiRateLimit: number;
  /** JSON that an organization may write in an hour. */
  readonly apiBytesPerHour: number;
  /** Failed logins in 15 minutes, for each email and address. */
  readonly loginRateLimit: number;
  /** Registrations an hour, for each address. */
  readonly registrationRateLimit: number;
  readonly registrationOpen: boolean;
  /** Addresses and ranges of proxies whose word about a client's address counts. */
  readonly trustProxy: readonly string[];
  /** URI of whom to tell about a weakness; null: `security@` the public host. */
  readonly securityContact: string | null;
  /** Origins of frontends: they may call the API from a browser, and an account's connection may end there. */
  readonly redirectOrigins: readonly string[];
}

/** @throws EnvironmentError naming every fault at once */
export function parseApiConfig(rawEnv: Readonly<Record<string, string | undefined>>): ApiConfig {
  const { PUBLIC_URL, ...env } = parseEnvironment(ApiEnv, rawEnv);
  return {
    ...coreConfigOf({ ...env, PUBLIC_URL: PUBLIC_URL ?? '' }, rawEnv),
    port: env.PORT,
    host: env.HOST,
    publicUrl: PUBLIC_URL ?? null,
    authSecret: env.AUTH_SECRET,
    ...mediaSettingsOf(env),
    ...mailSettingsOf(env),
    requestTimeoutMs: env.REQUEST_TIMEOUT,
    cacheTtlMs: env.CACHE_DEFAULT_TTL * 1_000,
    apiRateLimit: env.API_RATE_LIMIT,
    apiBytesPerHour: env.API_BYTES_PER_HOUR,
    loginRateLimit: env.LOGIN_RATE_LIMIT,
    registrationRateLimit: env.REGISTRATION_RATE_LIMIT ?? Math.max(registrationsMin, 20 * env.LOGIN_RATE_LIMIT),
    registrationOpen: env.REGISTRATION === 'open',
    trustProxy: env.TRUST_PROXY,
    securityContact: env.SECURITY_CONTACT ?? null,
    redirectOrigins: env.REDIRECT_ORIGINS.map((url) => new URL(url).origin),
  };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
