import { EnvironmentError, parseEnvironment } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { z } from 'zod';
import { runMigrations } from './run-migrations.ts';

const nodeMajorMin = 24;

const MigrateEnvironment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
});

const logger = createLogger({ app: 'migrate', level: 'info' });
try {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    throw new EnvironmentError([`Node ${nodeMajorMin} or newer is needed; this is ${process.versions.node}`]);
  }
  const { DATABASE_URL } = parseEnvironment(MigrateEnvironment, process.env);
  await runMigrations({ databaseUrl: DATABASE_URL, logger });
  logger.info('the database is up to date');
  process.exit(0);
} catch (error) {
  if (error instanceof EnvironmentError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'the database was not migrated');
  process.exit(1);
}
