import { ensureAdmin } from '@vibetribe/core/identity/ensure-admin';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { connectOnce } from '@vibetribe/db/connect-once';
import type { Logger } from '@vibetribe/observability/logger';
import { createPasswordHasher } from '@vibetribe/security/password';

/**
 * Makes the service admin whom the environment names, once for each email: afterwards the password is the admin's own, whatever the
 * environment says. With closed registration this is how anybody gets in at all.
 */
export async function makeFirstAdmin(options: {
  readonly databaseUrl: string;
  readonly rolePrefix: string;
  readonly email: string;
  readonly password: string;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}): Promise<void> {
  const { databaseUrl, rolePrefix, password, logger } = options;
  const email = options.email.toLowerCase();
  const applicationName = 'vibetribe-migrate';
  await using login = await connectOnce({ databaseUrl, applicationName });
  const key = `first_admin:${email}`;
  const known = await login.client.query('select 1 from service_settings where key = $1', [key]);
  if (known.rowCount === 1) {
    logger.info('the service admin of ADMIN_EMAIL was made before: ADMIN_PASSWORD counts for nothing more');
    return;
  }
  await using db = connectDatabase({
    databaseUrl,
    rolePrefix,
    poolMax: 1,
    poolMin: 0,
    applicationName,
    onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  const passwords = createPasswordHasher({ concurrencyMax: 1 });
  await ensureAdmin({ db, passwords }, { email, password, name: 'Admin', organizationName: 'Operators' });
  await login.client.query(
    `insert into service_settings (key, value) values ($1, 'true') on conflict (key) do nothing`,
    [key],
  );
  logger.info('the service admin of ADMIN_EMAIL has been made');
}
