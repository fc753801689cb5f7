import type { FinalPublication, VisiblePost } from './history.ts';

export type ViolationKind =
  | 'lost'
  | 'duplicated'
  | 'phantom'
  | 'unexpected'
  | 'early'
  | 'dishonest_cancel'
  | 'crossed_tenants'
  | 'not_stopped'
  | 'unexplained'
  | 'miscounted'
  | 'not_a_run'
  | 'stuck';

export interface Violation {
  readonly kind: ViolationKind;
  readonly token: string | null;
  readonly accountId: string | null;
  readonly detail: string;
}

export function violation(
  kind: ViolationKind,
  token: string | null,
  accountId: string | null,
  detail: string,
): Violation {
  return { kind, token, accountId, detail };
}

export function placeOf({ platform, externalId }: { platform: string; externalId: string }): string {
  return `${platform} ${externalId}`;
}

export function isOurs({ byHand }: VisiblePost): boolean {
  return byHand !== true;
}

/** The only refusal that a run asks for is a missing permission. */
export function checkFailure({ error }: Pick<FinalPublication, 'error'>): string[] {
  if (error === null) return ['failed without a reason'];
  return error.category === 'auth' ? [] : [`failed as ${error.category} (${error.code}): ${error.message}`];
}
