import { randomSecret } from '../state/random-secret.ts';
import type { SandboxState } from '../state/sandbox-state.ts';

/** Issues a token, which never expires. `account` null: the application's own. */
export function issueToken(
  { store, grants, clock }: Pick<SandboxState, 'store' | 'grants' | 'clock'>,
  site: string,
  account: string | null,
  client: string,
  scope: string,
) {
  const { grant, change } = grants.open(site, account, client, scope);
  const issuedAtMs = clock.nowMs();
  const value = randomSecret();
  const token = { value, grant: grant.id, use: 'access' as const, issuedAtMs, expiresAtMs: null, successor: null };
  store.commit([change, grants.put(token)]);
  return { access_token: value, token_type: 'Bearer', scope, created_at: Math.floor(clock.wallMs() / 1000) };
}
