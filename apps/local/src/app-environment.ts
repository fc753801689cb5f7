import type { LocalConfig } from './config.ts';
import type { Secrets } from './local-secrets.ts';

export interface LocalAddresses {
  databaseUrl: string;
  apiUrl: string;
  sandboxUrl: string;
}

/** The environment that the apps share when they run together: what was given, completed as operators do it by hand. */
export function appEnvironment(
  config: Pick<LocalConfig, 'environment' | 'dataDir'>,
  secrets: Secrets,
  addresses: LocalAddresses,
): Record<string, string | undefined> & { DATABASE_URL: string } {
  return {
    SANDBOX_URL: addresses.sandboxUrl,
    PUBLIC_URL: addresses.apiUrl,
    ...config.environment,
    DATABASE_URL: addresses.databaseUrl,
    AUTH_SECRET: secrets.authSecret,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
    DATA_DIR: config.dataDir,
  };
}
