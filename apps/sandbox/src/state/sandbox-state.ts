import { createAuthorizationCodes, type AuthorizationCodes } from '../oauth/authorization-codes.ts';
import type { Store } from '../store/store.ts';
import type { SegmentFiles } from '../uploads/segment-files.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { createAudience, type Audience } from './audience.ts';
import { createClock, type Clock } from './clock.ts';
import { createGrants, type Grants } from './grants.ts';
import { createOrigins, type Origins } from './origins.ts';
import { createPosts, type Posts } from './posts.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';

/** What all platforms have in common, kept in one store. */
export type SandboxState = {
  store: Store;
  clock: Clock;
  accounts: Accounts;
  posts: Posts;
  audience: Audience;
  grants: Grants;
  codes: AuthorizationCodes;
  limits: RateLimits;
  segments: SegmentFiles;
  origins: Origins;
};

export function createSandboxState(store: Store, segments: SegmentFiles, wallMs: () => number): SandboxState {
  const clock = createClock(store, wallMs);
  const posts = createPosts(store, clock);
  return {
    store,
    clock,
    accounts: createAccounts(store),
    posts,
    audience: createAudience(store, clock, posts),
    grants: createGrants(store),
    codes: createAuthorizationCodes(store, clock),
    limits: createRateLimits(store, clock),
    segments,
    origins: createOrigins(store),
  };
}
