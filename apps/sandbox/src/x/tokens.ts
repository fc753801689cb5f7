import type { Change } from '../store/store.ts';
import type { Grant } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';
import type { SandboxState } from '../state/sandbox-state.ts';

/** https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code: two hours. */
export const accessLifeSeconds = 7200;

/** Issues a pair, with a refresh token where `offline.access` was granted, together with `changes`. */
export function issueTokens(
  { store, grants, clock }: Pick<SandboxState, 'store' | 'grants' | 'clock'>,
  grant: Grant,
  changes: readonly Change[],
) {
  const issuedAtMs = clock.nowMs();
  const common = { grant: grant.id, issuedAtMs, successor: null };
  const access = {
    ...common,
    value: randomSecret(60),
    use: 'access' as const,
    expiresAtMs: issuedAtMs + accessLifeSeconds * 1000,
  };
  const refresh = { ...common, value: randomSecret(60), use: 'refresh' as const, expiresAtMs: null };
  const mayRefresh = grant.scope.split(' ').includes('offline.access');
  store.commit([...changes, grants.put(access), ...(mayRefresh ? [grants.put(refresh)] : [])]);
  return {
    token_type: 'bearer',
    expires_in: accessLifeSeconds,
    access_token: access.value,
    scope: grant.scope,
    ...(mayRefresh ? { refresh_token: refresh.value } : {}),
  };
}
