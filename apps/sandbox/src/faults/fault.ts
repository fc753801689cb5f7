import { z } from 'zod';

export const FaultKind = z.enum([
  'http-500',
  'http-503',
  'rate-limit',
  'timeout',
  'slow',
  'reset-before',
  'reset-after',
  'timeout-after',
  'error-after',
  'garbage',
  'token-expired',
  'token-revoked',
  'permission',
  'account-blocked',
  'listing-lag',
  'down',
]);
export type FaultKind = z.infer<typeof FaultKind>;

/** What a fault is asked to do. An absent filter matches everything; `times` absent: until it is cleared. */
export type FaultSpec = {
  /** A platform, or one site of it. */
  platform?: string | undefined;
  /** Id or handle. */
  account?: string | undefined;
  pathIncludes?: string | undefined;
  method?: string | undefined;
  skip?: number | undefined;
  kind: FaultKind;
  times?: number | undefined;
  probability?: number | undefined;
  seed?: number | undefined;
  delayMs?: number | undefined;
  retryAfterSeconds?: number | undefined;
};

/** A fault in force. `matched` counts the requests it looked at, `fired` those it struck. */
export type Fault = FaultSpec & {
  id: string;
  seed: number;
  matched: number;
  fired: number;
  draw: () => number;
  /** Grants whose tokens it has called revoked: they stay so while it is in force. */
  revokedGrants: Set<string>;
};
