import type { ApiKeyScope } from '@vibetribe/contracts/auth';
import type { Role } from '@vibetribe/contracts/role';

/** Who a request acts for, decided once at the edge. */
export interface Actor {
  readonly organizationId: string;
  /** Null for a key whose maker is gone. */
  readonly userId: string | null;
  readonly role: Role;
  /** Null for a signed-in user: the role alone decides. */
  readonly scopes: readonly ApiKeyScope[] | null;
  /** An API key may be limited to some accounts; null means all of the organization's. */
  readonly accountIds: readonly string[] | null;
  readonly serviceAdmin: boolean;
  /** `user:<id>` or `key:<id>`: whom idempotency keys and rate limits belong to. */
  readonly principal: string;
}
