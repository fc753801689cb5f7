import type { ServerMediaLimits } from '@vibetribe/contracts/media-rules';

/** The account as an adapter sees it; `service` is the origin of the user's own server where the platform has many. */
export interface AdapterAccount {
  readonly externalId: string;
  readonly handle: string;
  readonly service: string | null;
  /** What the account's own server said at connect; absent: the platform's defaults hold. */
  readonly serverRules?: ServerRules;
}

/** Rules that differ from server to server. Stored with the account, read again at each connect. */
export interface ServerRules {
  readonly textMax: number;
  readonly urlCharacters: number;
  readonly media?: ServerMediaLimits;
}
