import { CoreEnv } from '@vibetribe/core/core-config';
import { rotateKeys } from '@vibetribe/core/keys/rotate-keys';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { createLogger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { parseEncryptionKeys } from '@vibetribe/security/parse-encryption-keys';

const Environment = CoreEnv.pick({ DATABASE_URL: true, DB_ROLE_PREFIX: true, ENCRYPTION_KEYS: true });

const logger = createLogger({ app: 'rotate-keys', level: 'info' });
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const env = parseEnvironment(Environment, process.env);
  const { writingKeyId } = parseEncryptionKeys(env.ENCRYPTION_KEYS);
  await using db = connectDatabase({
    databaseUrl: env.DATABASE_URL,
    rolePrefix: env.DB_ROLE_PREFIX,
    poolMax: 2,
    poolMin: 0,
    applicationName: 'vibetribe-rotate-keys',
    onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  const rotation = await rotateKeys(
    { db, keyRing: createKeyRing(env.ENCRYPTION_KEYS) },
    { writingKeyId, signal: stopping.signal },
  );
  const { [writingKeyId]: done = 0, ...others } = rotation.byKey;
  const left = Object.values(others).reduce((sum, count) => sum + count, 0);
  logger.info(
    { ...rotation, writingKeyId, done, left },
    left === 0 ? 'every grant is under the writing key' : 'grants are left',
  );
  process.exitCode = left === 0 ? 0 : 1;
} catch (error) {
  if (error instanceof OperatorError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'the keys were not rotated');
  process.exitCode = 1;
}
