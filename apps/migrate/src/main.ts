import { CoreEnv } from '@vibetribe/core/core-config';
import { EnvironmentError, parseEnvironment } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { runMigrations } from './run-migrations.ts';

const nodeMajorMin = 24;

const MigrateEnvironment = CoreEnv.pick({ DATABASE_URL: true, DB_ROLE_PREFIX: true });

const logger = createLogger({ app: 'migrate', level: 'info' });
try {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    throw new EnvironmentError([`Node ${nodeMajorMin} or newer is needed; this is ${process.versions.node}`]);
  }
  const { DATABASE_URL, DB_ROLE_PREFIX } = parseEnvironment(MigrateEnvironment, process.env);
  await runMigrations({ databaseUrl: DATABASE_URL, rolePrefix: DB_ROLE_PREFIX, logger });
  logger.info('the database is up to date');
  process.exit(0);
} catch (error) {
  if (error instanceof OperatorError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'the database was not migrated');
  process.exit(1);
}
