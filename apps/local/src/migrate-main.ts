import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { z } from 'zod';
import { reasonOf } from './reason-of.ts';
import { runMigrations } from './run-migrations.ts';

const MigrateEnvironment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
});

try {
  const { DATABASE_URL } = parseEnvironment(MigrateEnvironment, process.env);
  await runMigrations({ databaseUrl: DATABASE_URL, logger: createLogger({ app: 'migrate', level: 'info' }) });
  console.log('The database is up to date.');
  process.exit(0);
} catch (error) {
  console.error(`The database was not migrated: ${reasonOf(error)}`);
  process.exit(1);
}
