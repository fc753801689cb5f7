import type { ServerMediaLimits } from '@vibetribe/media-rules/media-rules';
import type { PlatformHttp } from './platform-http.ts';
import type { PlatformEndpoints } from './endpoints.ts';
import type { JsonValue } from './json-value.ts';

/** The account as an adapter sees it; `service` is the origin of the user's own server where the platform has many. */
export interface AdapterAccount {
  readonly externalId: string;
  readonly handle: string;
  readonly service: string | null;
  /** What the account's own server, or the platform, said at connect; absent: the platform's defaults hold. */
  readonly serverRules?: ServerRules;
}

/** What differs from server to server, or from account to account. Stored with the account; read at each connect, and again now and then. */
export interface ServerRules {
  readonly textMax: number;
  /** What a link counts, however long it is; null: each of its characters. */
  readonly urlCharacters: number | null;
  readonly media?: ServerMediaLimits;
  readonly polls?: PollLimits;
  /** What the server says that it runs, in lower case: `mastodon`, `pleroma`. */
  readonly software?: string;
  /** The name under which the server shows what is posted with this account's token. */
  readonly application?: string;
  /** Each post begins a thread with a title of its own. */
  readonly isForum?: boolean;
}

/** What a server takes as a poll; what it does not say is the platform's. */
export interface PollLimits {
  readonly optionsMax?: number;
  readonly optionCharactersMax?: number;
  readonly minutesMin?: number;
  readonly minutesMax?: number;
}

/** What an account may be used with, out of its grant: see `accessOf`. */
export interface AccountAccess {
  /** The account's own token where the grant has one for each account (a Facebook page), else the grant's. */
  readonly accessToken: string;
  /** What the grant allows; empty where the platform did not say. */
  readonly scopes: readonly string[];
  /** `Credentials.details` of the grant. */
  readonly details: Readonly<Record<string, string>>;
}

/** The head of every request about an account: whose it is, and how its platform is reached. */
export interface AccountCall extends AccountAccess {
  readonly endpoints: PlatformEndpoints;
  /** A client bound to the deadline of this piece of work. */
  readonly http: PlatformHttp;
  readonly account: AdapterAccount;
}

/** What a platform says of an account now: people rename themselves, servers change their limits, and accounts move to other servers. */
export interface AccountProfile {
  readonly externalId: string;
  readonly handle: string;
  readonly displayName: string;
  readonly service: string | null;
  readonly serverRules?: ServerRules;
}

/** Something of ours that stands on the platform: a post, a part of a thread, a comment. */
export interface VisiblePart {
  readonly platformPostId: string;
  readonly url: string | null;
  /** What an answer to it must name beside the id: Bluesky's cid. */
  readonly reference?: JsonValue;
}

/** A post that is out and is to be removed, edited or measured. */
export interface PostCall extends AccountCall {
  readonly post: VisiblePart;
}
