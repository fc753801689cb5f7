import { ensureAdmin } from '@vibetribe/core/identity/ensure-admin';
import { issueDemoKey } from '@vibetribe/core/identity/issue-demo-key';
import { connectDatabase } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import { createPasswordHasher } from '@vibetribe/security/password';

/** Makes sure that the demo login exists, and gives it a fresh API key: the key of the last start no longer works. */
export async function prepareAdminLogin(options: {
  databaseUrl: string;
  rolePrefix: string | undefined;
  email: string;
  password: string;
  logger: Logger;
}): Promise<{ apiKey: string }> {
  await using db = connectDatabase({
    databaseUrl: options.databaseUrl,
    rolePrefix: options.rolePrefix,
    poolMax: 1,
    poolMin: 0,
    applicationName: 'vibetribe-local',
    onError: (error) => options.logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  const passwords = createPasswordHasher({ concurrencyMax: 1 });
  const admin = await ensureAdmin(
    { db, passwords },
    { email: options.email, password: options.password, name: 'Admin', organizationName: 'Demo organization' },
  );
  const { key } = await issueDemoKey({ db }, admin);
  return { apiKey: key };
}
