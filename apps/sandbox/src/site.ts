import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Answer } from './answer.ts';
import type { Account } from './state/accounts.ts';
import type { Post } from './state/posts.ts';
import type { Change } from './store/store.ts';
import type { Grant } from './state/grants.ts';
import type { SandboxState } from './state/sandbox-state.ts';

/** What a platform's folder gives to the registry. */
export type PlatformDefinition = {
  /** Its id on the closed list of the product. */
  id: string;
  title: string;
  /** Path prefix on the main port, or null when each of its sites is an origin of its own. */
  prefix: string | null;
  /**
   * Given where another platform stands under the same prefix: whether a request below it is this one's. The path begins behind the
   * prefix. What nobody claims is the other one's.
   */
  claims?: (request: { readonly method: string; readonly path: string; readonly token: string | undefined }) => boolean;
  /** Its instances. A platform that is one place has one site, named like the platform. */
  sites: readonly string[];
  open(context: SiteContext): Site;
};

/** Where a site is and what it shares with the others. `origin` is known once it listens. */
export type SiteContext = {
  site: string;
  platform: string;
  origin: () => string;
  sandbox: SandboxState;
  /** The other sites under the same prefix. */
  sharing: () => readonly Site[];
  /** The origin of an annex, known once it listens. */
  hostOf: (annex: string) => string;
};

/** Another server of the same platform, with its own words for what can go wrong. */
export type Annex = Pick<Site, 'answers' | 'identify' | 'routes'> & {
  id: string;
  /** As that of a platform. */
  prefix: string | null;
};

/** One instance of a platform. */
export type Site = {
  id: string;
  platform: string;
  title: string;
  origin: () => string;
  answers: SiteAnswers;
  routes(app: FastifyInstance): void;
  /** Who sends this request, as far as its headers and body (if parsed already) tell. */
  identify(request: FastifyRequest): Caller | undefined;
  normalizeHandle(handle: string): string;
  /** @param handle normalized */
  newAccountId(handle: string): string;
  /** A grant made without the consent page. */
  issueCredentials(account: Account): Credentials;
  postUrl(post: Post): string;
  /** Rows to drop when all posts are dropped. */
  clearPosts(): Change[];
  annexes?: readonly Annex[];
  /** Accounts of a site that shares the prefix, which a token of this grant opens too. */
  opens?(grant: Grant): readonly string[];
};

/** `use` says what the request shows: an access token, a refresh token, or something it wants to sign in with. */
export type Caller = { account: string; grant: string | null; use: 'access' | 'refresh' | 'sign-in' };

/** `expiresIn` in seconds. What a platform's own pages call otherwise, it adds under that name: `appPassword`. */
export type Credentials = {
  accessToken: string;
  refreshToken?: string;
  expiresIn?: number;
  readonly [ownName: string]: string | number | undefined;
};

/** The platform's own words for what can go wrong anywhere. */
export type SiteAnswers = {
  notFound(method: string, path: string): Answer;
  malformed(status: number, message: string): Answer;
  internalError(): Answer;
  unavailable(): Answer;
  /** Wall times; `max` where a limit of the platform is meant. */
  rateLimited(wait: { max?: number; resetAtMs: number; nowMs: number }): Answer;
  tokenExpired(): Answer;
  /** For a caller with a refresh token: the grant is dead. */
  tokenRevoked(caller: Caller | undefined): Answer;
  forbidden(): Answer;
  /** The account may not post, for a while or for good; where the platform has no word for it, `forbidden`. */
  accountBlocked?(): Answer;
};

/** What the hooks know of a request while it is served. */
export type Visit = {
  caller: Caller | undefined;
  /** Posts received less than this before now do not show in listings. */
  listingLagMs: number;
};

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit;
  }
  interface FastifyContextConfig {
    /** A page for people: no faults, no entry in the request log. */
    page?: boolean;
    /** A listing of posts, where a new post may show late. */
    listing?: boolean;
  }
}
