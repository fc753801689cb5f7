import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';
import { Secret, TOTP } from 'otpauth';

const stepSeconds = 30;
/** Steps before and after: clocks of devices are a little wrong. */
const stepsAround = 1;

export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** For authenticator apps, as a link or a QR code. */
export function totpUrl(secret: string, label: string): string {
  return totpOf(secret, label).toString();
}

/** The step whose code it is, a little before or after the time given; null where it is none of them. */
export function stepOfCode(secret: string, code: string, atMs: number): number | null {
  const delta = totpOf(secret).validate({ token: code, timestamp: atMs, window: stepsAround });
  return delta === null ? null : Math.floor(atMs / 1000 / stepSeconds) + delta;
}

export function sealTotpSecret(keyRing: KeyRing, userId: string, secret: string): string {
  return keyRing.seal(secret, contextOf(userId));
}

/** @throws SecretUnreadableError */
export function openTotpSecret(keyRing: KeyRing, userId: string, sealed: string): string {
  return keyRing.open(sealed, contextOf(userId));
}

function contextOf(userId: string): SecretContext {
  return { organizationId: '', table: 'totp_factors', rowId: userId, column: 'secret_sealed' };
}

function totpOf(secret: string, label = 'VibeTribe'): TOTP {
  return new TOTP({
    issuer: 'VibeTribe',
    label,
    secret: Secret.fromBase32(secret),
    period: stepSeconds,
    digits: 6,
    algorithm: 'SHA1',
  });
}
