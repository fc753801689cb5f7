import { resolve } from 'node:path';
import { ListenHost } from '@vibetribe/core/listen-host';
import { z } from 'zod';
import { StartError } from './start-error.ts';

export interface LocalConfig {
  /** 0 picks a free port. */
  apiPort: number;
  /** Where the API listens, publisher and cron too. */
  host: string;
  /** 0 picks a free port. */
  sandboxPort: number;
  /** Absolute. */
  dataDir: string;
  /** An outside PostgreSQL; without it an embedded one is started below `dataDir`. */
  databaseUrl: string | undefined;
  publicUrl: string | undefined;
  authSecret: string | undefined;
  encryptionKeys: string | undefined;
  adminEmail: string;
  /** Without it one is generated and kept below `dataDir`. */
  adminPassword: string | undefined;
  logLevel: LogLevel;
  demo: boolean;
  /** The environment as given, for the apps' own settings. */
  environment: Environment;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
export type LogLevel = z.infer<typeof LogLevel>;

const adminPasswordCharactersMin = 10;

const Port = z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535);
const PostgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' });

const LocalEnvironment = z.object({
  PORT: Port.default(3000),
  HOST: ListenHost.default('127.0.0.1'),
  SANDBOX_PORT: Port.default(4010),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: PostgresUrl.optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }).optional(),
  AUTH_SECRET: z.string().optional(),
  ENCRYPTION_KEYS: z.string().optional(),
  ADMIN_EMAIL: z.email({ error: 'must be an email address' }).default('admin@vibetribe.local'),
  ADMIN_PASSWORD: z
    .string()
    .min(adminPasswordCharactersMin, { error: `must have at least ${adminPasswordCharactersMin} characters` })
    .optional(),
  LOG_LEVEL: LogLevel.default('info'),
});

/**
 * The settings of `npm start`. An empty variable counts as not set.
 * @throws StartError that names every faulty variable, without its value
 */
export function parseLocalConfig(env: Environment, args: readonly string[]): LocalConfig {
  const environment = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const unknown = args.filter((argument) => argument !== '--no-demo');
  const parsed = LocalEnvironment.safeParse(environment);
  const faults = [
    ...unknown.map((argument) => `${argument} is no known option (there is --no-demo)`),
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`),
  ];
  if (!parsed.success || faults.length > 0) throw new StartError(`The settings are not valid: ${faults.join('; ')}.`);
  const given = parsed.data;
  return {
    apiPort: given.PORT,
    host: given.HOST,
    sandboxPort: given.SANDBOX_PORT,
    dataDir: resolve(given.DATA_DIR),
    databaseUrl: given.DATABASE_URL,
    publicUrl: given.PUBLIC_URL,
    authSecret: given.AUTH_SECRET,
    encryptionKeys: given.ENCRYPTION_KEYS,
    adminEmail: given.ADMIN_EMAIL,
    adminPassword: given.ADMIN_PASSWORD,
    logLevel: given.LOG_LEVEL,
    demo: !args.includes('--no-demo'),
    environment,
  };
}
