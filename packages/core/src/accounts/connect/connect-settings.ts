import type { PlatformId } from '@vibetribe/contracts/platform-id';

/** What connecting through a consent page needs to know of the installation. */
export interface ConnectSettings {
  /** Origin of the API as platforms and browsers see it, without a slash at its end; known once it listens. */
  readonly publicUrl: () => string;
  /** Where the callback may send people on to. */
  readonly redirectOrigins: readonly string[];
}

/** Where the platform sends people back to; the same address has to be given when the code is exchanged. */
export function callbackUrl(settings: Pick<ConnectSettings, 'publicUrl'>, platform: PlatformId): string {
  return `${settings.publicUrl()}/api/v1/accounts/callback/${platform}`;
}

/** Where this installation describes itself as a client, for platforms that ask it. */
export function clientAddress(settings: Pick<ConnectSettings, 'publicUrl'>, platform: PlatformId): string {
  return `${settings.publicUrl()}/api/v1/accounts/clients/${platform}`;
}

/** A state's verifier is sealed to the state's row. */
export function verifierContext(organizationId: string, stateHash: string) {
  return { organizationId, table: 'oauth_states', rowId: stateHash, column: 'code_verifier' };
}

/** So is what the adapter keeps until the callback. */
export function pendingContext(organizationId: string, stateHash: string) {
  return { organizationId, table: 'oauth_states', rowId: stateHash, column: 'pending' };
}
