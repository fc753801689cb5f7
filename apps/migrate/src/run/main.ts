import { Register } from '@vibetribe/contracts/auth';
import { CoreEnv } from '@vibetribe/core/core-config';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { makeFirstAdmin } from '../make-first-admin.ts';
import { runMigrations } from '../run-migrations.ts';

const MigrateEnvironment = CoreEnv.pick({ DATABASE_URL: true, DB_ROLE_PREFIX: true })
  .extend({ ADMIN_EMAIL: Register.shape.email.optional(), ADMIN_PASSWORD: Register.shape.password.optional() })
  .refine((env) => env.ADMIN_PASSWORD === undefined || env.ADMIN_EMAIL !== undefined, {
    path: ['ADMIN_EMAIL'],
    error: 'is missing',
  });

const logger = createLogger({ app: 'migrate', level: 'info' });
try {
  const env = parseEnvironment(MigrateEnvironment, process.env);
  const place = { databaseUrl: env.DATABASE_URL, rolePrefix: env.DB_ROLE_PREFIX };
  await runMigrations({ ...place, logger });
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = env;
  if (email !== undefined && password !== undefined) await makeFirstAdmin({ ...place, email, password, logger });
  logger.info('the database is up to date');
  process.exit(0);
} catch (error) {
  if (error instanceof OperatorError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'the database was not migrated');
  process.exit(1);
}
