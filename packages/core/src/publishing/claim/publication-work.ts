import { column, type RowOf } from '@vibetribe/db/query-rows';
import { z } from 'zod';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import type { TextContent } from '@vibetribe/platforms/port/content';
import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { ReplyTarget, StepEffect } from '@vibetribe/platforms/port/publish';
import type { MediaAlts } from '../../media/media-alts.ts';
import type { PublicationState } from '../state/publication-state.ts';
import type { PartContent } from '../../content/part-contents.ts';

/** The part that is next, out of all. */
export interface WorkPart {
  readonly index: number;
  readonly kind: PartContent['kind'];
  /** See `KeySeed.partId`. */
  readonly id: string;
  /** Null for the post itself. */
  readonly replyTo: ReplyTarget | null;
}

/** A claimed publication with everything its publisher needs; the token is still ciphertext. */
export interface PublicationWork {
  readonly publicationId: string;
  readonly organizationId: string;
  readonly postId: string;
  readonly accountId: string;
  /** Ended by its people; its credentials may be destroyed. */
  readonly accountDisconnected: boolean;
  readonly platform: PlatformId;
  readonly fence: number;
  readonly purpose: 'send' | 'reconcile';
  /** As it was claimed. */
  readonly state: PublicationState;
  /** All its parts; usually one. */
  readonly parts: readonly [PartContent, ...PartContent[]];
  /** The one that is next: `content`, `mediaIds` and `steps` are this one's. */
  readonly part: WorkPart;
  readonly content: TextContent;
  /** Ids of its media, in the order they are shown. */
  readonly mediaIds: readonly string[];
  /** Alternative texts that this post gives its media. A medium that is left out keeps its own. */
  readonly mediaAlts: MediaAlts;
  readonly account: AdapterAccount;
  readonly grant: {
    readonly id: string;
    /** It may belong to another application than the service's. */
    readonly credentialSource: 'oauth' | 'manual';
    readonly refreshFence: number;
    readonly sealedCredentials: string;
    readonly expiresAtMs: number | null;
    /** Null where its first token is still the one in use. */
    readonly refreshedAtMs: number | null;
  };
  /** By their adapter's names. */
  readonly steps: readonly StoredStep[];
  /** Of all parts, as they are stored. */
  readonly allSteps: readonly StoredStep[];
  /** Its answer tells whether the service's application may post again. */
  readonly isAppInDoubt: boolean;
  /** The database's clock at the claim. */
  readonly claimedAtMs: number;
}

export const storedStepColumns = {
  name: column.text,
  effect: z.enum(['read', 'idempotent', 'once'] satisfies StepEffect[]),
  key: column.json<JsonValue>(),
  keyed: column.boolean,
  result: column.json<JsonValue>(),
  done: column.boolean,
};
export type StoredStep = RowOf<typeof storedStepColumns>;
