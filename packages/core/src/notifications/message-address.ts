import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';

export interface MessagePlace {
  readonly organizationId: string;
  readonly userId: string;
}

export function sealMessageAddress(keyRing: KeyRing, place: MessagePlace, url: string): string {
  return keyRing.seal(url, contextOf(place));
}

/** @throws SecretUnreadableError */
export function openMessageAddress(keyRing: KeyRing, place: MessagePlace, sealed: string): string {
  return keyRing.open(sealed, contextOf(place));
}

function contextOf({ organizationId, userId }: MessagePlace): SecretContext {
  return { organizationId, table: 'notification_preferences', rowId: userId, column: 'webhook_sealed' };
}
