import { builtInClient } from '../oauth/built-in-client.ts';

/** An application that was not audited yet: what it posts is seen by its author alone. */
export const unauditedClient = { id: 'vibetribe-sandbox-unaudited', secret: builtInClient.secret } as const;

export function clientWith(id: string | undefined, secret: string | undefined) {
  return [builtInClient, unauditedClient].find((client) => client.id === id && client.secret === secret);
}

export function isKnownClient(id: string): boolean {
  return id === builtInClient.id || id === unauditedClient.id;
}
