const groups = [
  'accounts',
  'blocks',
  'bookmarks',
  'conversations',
  'favourites',
  'filters',
  'follows',
  'lists',
  'mutes',
  'notifications',
  'search',
  'statuses',
];
const writable = [...groups.filter((group) => group !== 'search'), 'media', 'reports'];

/** https://docs.joinmastodon.org/api/oauth-scopes/ */
export const knownScopes: ReadonlySet<string> = new Set([
  'read',
  'write',
  'follow',
  'push',
  'profile',
  ...groups.map((group) => `read:${group}`),
  ...writable.map((group) => `write:${group}`),
]);

export function areKnownScopes(scopes: string): boolean {
  return splitScopes(scopes).every((scope) => knownScopes.has(scope));
}

/** A scope may be asked for if the application has it or the whole of which it is a part. */
export function isWithin(asked: string, held: string): boolean {
  const has = new Set(splitScopes(held));
  return splitScopes(asked).every((scope) => has.has(scope) || has.has(scope.split(':')[0] ?? ''));
}

export function splitScopes(scopes: string): string[] {
  return scopes.split(/[ +]+/).filter(Boolean);
}
