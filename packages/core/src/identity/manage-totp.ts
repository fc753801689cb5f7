import type { TotpCode, TotpEnrolment, TotpRecovery } from '@vibetribe/contracts/auth';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { recoveryCodes } from '@vibetribe/db/schema/totp';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { hashToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import { randomBytes } from 'node:crypto';
import { DomainError } from '../domain-error.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { requireSession } from './list-sessions.ts';
import { lockUser } from './lock-user.ts';
import { checkCode, readFactor } from './second-factor.ts';
import { newTotpSecret, sealTotpSecret, totpUrl } from './totp-secret.ts';

type TotpDependencies = Pick<IdentityDependencies, 'db'> & { readonly keyRing: KeyRing };

const recoveryCodeCount = 10;
/** 80 bits: more than can be guessed, offline too. */
const recoveryCodeBytes = 10;

/**
 * A secret for an authenticator app; nothing asks for its codes before one of them was shown. An earlier one that was not confirmed ends.
 * @throws DomainError `forbidden` for an API key, `conflict` where there is a second factor
 */
export async function enrolTotp({ db, keyRing }: TotpDependencies, actor: AuthenticatedActor): Promise<TotpEnrolment> {
  const { userId } = requireSession(actor);
  const secret = newTotpSecret();
  const sealed = sealTotpSecret(keyRing, userId, secret);
  return db.asIdentity(async (tx) => {
    const [user] = await queryRows(tx, { email: column.text })`select email from users where id = ${userId}`;
    const { rowCount } = await tx.execute(sql`
      insert into totp_factors (user_id, secret_sealed) values (${userId}, ${sealed})
      on conflict (user_id) do update set secret_sealed = excluded.secret_sealed, last_step = 0, failures = 0, next_try_at = null
      where totp_factors.confirmed_at is null`);
    if (rowCount !== 1) throw new DomainError('conflict', 'There is a second factor: remove it first.');
    return { secret, otpauthUrl: totpUrl(secret, user?.email ?? '') };
  });
}

/**
 * Switches the second factor on. The recovery codes are shown here and never again.
 * @throws DomainError `forbidden`, `conflict` where nothing waits for it, `totp_invalid`, `rate_limited`
 */
export async function confirmTotp(
  { db, keyRing }: TotpDependencies,
  actor: AuthenticatedActor,
  { code }: TotpCode,
): Promise<TotpRecovery> {
  const { userId } = requireSession(actor);
  const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode);
  const refusal = await db.asIdentity(async (tx) => {
    await lockUser(tx, { id: userId });
    const factor = await readFactor(tx, userId);
    if (factor === null || factor.isConfirmed)
      return new DomainError('conflict', 'No second factor waits to be confirmed.');
    const wrong = await checkCode(keyRing, tx, { userId, factor, given: code });
    if (wrong !== null) return wrong;
    await tx.execute(sql`update totp_factors set confirmed_at = clock_timestamp() where user_id = ${userId}`);
    await tx
      .insert(recoveryCodes)
      .values(codes.map((shown) => ({ userId, codeHash: hashToken(shown.replaceAll('-', '')) })));
    return null;
  });
  if (refusal !== null) throw refusal;
  return { recoveryCodes: codes };
}

/** Switches the second factor off, with a code or a recovery code. @throws DomainError `forbidden`, `not_found`, `totp_invalid`, `rate_limited` */
export async function removeTotp(
  { db, keyRing }: TotpDependencies,
  actor: AuthenticatedActor,
  { code }: TotpCode,
): Promise<void> {
  const { userId } = requireSession(actor);
  const refusal = await db.asIdentity(async (tx) => {
    await lockUser(tx, { id: userId });
    const factor = await readFactor(tx, userId);
    if (factor === null || !factor.isConfirmed) return new DomainError('not_found', 'There is no second factor.');
    const wrong = await checkCode(keyRing, tx, { userId, factor, given: code });
    if (wrong === null) await tx.execute(sql`delete from totp_factors where user_id = ${userId}`);
    return wrong;
  });
  if (refusal !== null) throw refusal;
}

/** `xxxx-xxxx-xxxx-xxxx`, of letters and digits that are told apart. */
function newRecoveryCode(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz123456789';
  let bits = BigInt(`0x${randomBytes(recoveryCodeBytes).toString('hex')}`);
  let text = '';
  for (let place = 0; place < 16; place += 1) {
    text += (place > 0 && place % 4 === 0 ? '-' : '') + alphabet.charAt(Number(bits & 31n));
    bits >>= 5n;
  }
  return text;
}
