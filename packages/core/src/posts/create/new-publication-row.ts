import type { Variant } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { newPublication } from '../../publishing/state/publication-state.ts';

export interface PublicationSeed {
  readonly id: string;
  readonly postId: string;
  readonly accountId: string;
  readonly platform: PlatformId;
  readonly variant: Variant;
  readonly partCount: number;
}

/** A publication as its insert leaves it: a draft that nobody else can see yet. */
export function newPublicationRow(organizationId: string, seed: PublicationSeed, nowMs: number): PublicationRow {
  const { waiting: _none, ...state } = newPublication;
  return {
    ...state,
    ...seed,
    organizationId,
    waitingReason: null,
    waitingDetail: null,
    removal: null,
    edit: null,
    nowMs,
  };
}
