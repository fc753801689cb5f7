import { CoreEnv } from '@vibetribe/core/core-config';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { rotateOwnKeys } from '../rotate-own-keys.ts';

const Environment = CoreEnv.pick({ DATABASE_URL: true, DB_ROLE_PREFIX: true, ENCRYPTION_KEYS: true });

const logger = createLogger({ app: 'rotate-keys', level: 'info' });
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const env = parseEnvironment(Environment, process.env);
  const rotation = await rotateOwnKeys({
    databaseUrl: env.DATABASE_URL,
    rolePrefix: env.DB_ROLE_PREFIX,
    encryptionKeys: env.ENCRYPTION_KEYS,
    signal: stopping.signal,
    logger,
  });
  const { writingKeyId } = rotation;
  const { [writingKeyId]: done = 0, ...others } = rotation.byKey;
  const left = Object.values(others).reduce((sum, count) => sum + count, 0);
  logger.info({ ...rotation, done, left }, left === 0 ? 'every grant is under the writing key' : 'grants are left');
  process.exitCode = left === 0 ? 0 : 1;
} catch (error) {
  if (error instanceof OperatorError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'the keys were not rotated');
  process.exitCode = 1;
}
