import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { hashToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';
import { openTotpSecret, stepOfCode } from './totp-secret.ts';

const factorColumns = {
  secretSealed: column.text,
  isConfirmed: column.boolean,
  lastStep: column.number,
  failures: column.number,
  waitSeconds: column.number,
  atMs: column.number,
};
type Factor = RowOf<typeof factorColumns>;

/** So many wrong codes in a row cost nothing; then each wait is twice the one before. */
const freeFailures = 5;
const firstWaitSeconds = 30;
const waitSecondsMax = 3_600;

/** The user is locked. */
export async function readFactor(tx: Transaction, userId: string): Promise<Factor | null> {
  const [factor] = await queryRows(tx, factorColumns)`
    select secret_sealed as "secretSealed", confirmed_at is not null as "isConfirmed", last_step::float8 as "lastStep", failures,
      greatest(0, ceil(extract(epoch from coalesce(next_try_at, clock_timestamp()) - clock_timestamp())))::int as "waitSeconds",
      floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "atMs"
    from totp_factors where user_id = ${userId} for update`;
  return factor ?? null;
}

/**
 * Whether whoever knows the password also has the second factor, if the user has one. A refusal is a result: what it writes has to be
 * committed. The user is locked.
 * @param given a code of the device, or a recovery code
 * @returns null where nothing is against it
 */
export async function checkSecondFactor(
  keyRing: KeyRing,
  tx: Transaction,
  userId: string,
  given: string | undefined,
): Promise<DomainError | null> {
  const factor = await readFactor(tx, userId);
  if (factor === null || !factor.isConfirmed) return null;
  if (given === undefined)
    return new DomainError('totp_required', 'Send the code of your authenticator app, or a recovery code, as totp.');
  return checkCode(keyRing, tx, { userId, factor, given });
}

/** Takes a code, once; counts a wrong one. @returns why not, or null */
export async function checkCode(
  keyRing: KeyRing,
  tx: Transaction,
  { userId, factor, given }: { readonly userId: string; readonly factor: Factor; readonly given: string },
): Promise<DomainError | null> {
  if (factor.waitSeconds > 0) {
    const told = 'Too many wrong codes. Wait before the next one.';
    return new DomainError('rate_limited', told, { retryAfterSeconds: factor.waitSeconds });
  }
  const code = given.replaceAll(/[\s-]/g, '').toLowerCase();
  const step = /^\d{6}$/.test(code)
    ? stepOfCode(openTotpSecret(keyRing, userId, factor.secretSealed), code, factor.atMs)
    : null;
  const isRight = step === null ? await takeRecoveryCode(tx, userId, code) : step > factor.lastStep;
  if (isRight) {
    await tx.execute(sql`
      update totp_factors set failures = 0, next_try_at = null, last_step = greatest(last_step, ${step ?? 0}::bigint) where user_id = ${userId}`);
    return null;
  }
  const failures = factor.failures + 1;
  const waitSeconds =
    failures < freeFailures
      ? 0
      : Math.min(waitSecondsMax, firstWaitSeconds * 2 ** Math.min(20, failures - freeFailures));
  await tx.execute(sql`
    update totp_factors set failures = ${failures}, next_try_at = clock_timestamp() + make_interval(secs => ${waitSeconds}::int)
    where user_id = ${userId}`);
  const told = step === null ? 'The code is wrong.' : 'The code was used already: wait for the next one.';
  return new DomainError('totp_invalid', told);
}

async function takeRecoveryCode(tx: Transaction, userId: string, code: string): Promise<boolean> {
  const { rowCount } = await tx.execute(
    sql`delete from recovery_codes where user_id = ${userId} and code_hash = ${hashToken(code)}`,
  );
  return rowCount === 1;
}
