import { createHmac, randomBytes } from 'node:crypto';
import type { KeyRing } from '@vibetribe/security/key-ring';

/** Standard Webhooks asks for 24 to 64 bytes. */
const secretBytes = 32;

/** `whsec_` and base64: what the libraries of receivers take. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}

/** Where a webhook's secrets are stored; both columns share it, because a rotation moves one to the other. */
export interface WebhookPlace {
  readonly id: string;
  readonly organizationId: string;
}

export function sealWebhookSecret(keyRing: KeyRing, place: WebhookPlace, secret: string): string {
  return keyRing.seal(secret, contextOf(place));
}

/** @throws SecretUnreadableError */
export function openWebhookSecret(keyRing: KeyRing, place: WebhookPlace, sealed: string): string {
  return keyRing.open(sealed, contextOf(place));
}

function contextOf({ id, organizationId }: WebhookPlace) {
  return { organizationId, table: 'webhooks', rowId: id, column: 'secret_sealed' };
}

/**
 * The three headers of Standard Webhooks: https://www.standardwebhooks.com
 * @param secrets each gives a signature; a receiver takes the message if one of them fits
 */
export function signWebhook(
  { id, body, at }: { readonly id: string; readonly body: string; readonly at: Date },
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
