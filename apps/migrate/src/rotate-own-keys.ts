import { type KeyRotation, rotateKeys } from '@vibetribe/core/keys/rotate-keys';
import { requireKeys } from '@vibetribe/core/require-keys';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { connectOnce } from '@vibetribe/db/connect-once';
import { requireMigrated } from '@vibetribe/db/require-migrated';
import type { Logger } from '@vibetribe/observability/logger';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { parseEncryptionKeys } from '@vibetribe/security/parse-encryption-keys';

const applicationName = 'vibetribe-rotate-keys';

/**
 * Seals every secret under the first of the keys, while all processes run.
 * @throws OperatorError where the keys are another database's: they would find nothing to do, and all would seem done
 */
export async function rotateOwnKeys(options: {
  readonly databaseUrl: string;
  readonly rolePrefix: string;
  readonly encryptionKeys: string;
  readonly signal: AbortSignal;
  readonly logger: Pick<Logger, 'warn'>;
}): Promise<KeyRotation & { readonly writingKeyId: string }> {
  const { databaseUrl, rolePrefix, encryptionKeys, signal, logger } = options;
  const { writingKeyId } = parseEncryptionKeys(encryptionKeys);
  const keyRing = createKeyRing(encryptionKeys);
  await using login = await connectOnce({ databaseUrl, applicationName, keepAlive: true });
  await requireMigrated(login.client, { rolePrefix });
  await requireKeys(login.client, keyRing, { rolePrefix });
  await using db = connectDatabase({
    databaseUrl,
    rolePrefix,
    poolMax: 2,
    poolMin: 0,
    applicationName,
    onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  const rotation = await rotateKeys({ db, keyRing }, { writingKeyId, signal });
  // A key that nothing is left under may go.
  await requireKeys(login.client, keyRing, { rolePrefix });
  return { ...rotation, writingKeyId };
}
