import { builtInClient } from '../oauth/built-in-client.ts';

/** An application that was not reviewed yet: it may make no pins. */
export const trialClient = { id: 'vibetribe-sandbox-trial', secret: builtInClient.secret } as const;

export function clientWith(id: string | undefined, secret: string | undefined) {
  return [builtInClient, trialClient].find((client) => client.id === id && client.secret === secret);
}

export function isKnownClient(id: string): boolean {
  return id === builtInClient.id || id === trialClient.id;
}
