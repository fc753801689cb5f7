import { randomBytes } from 'node:crypto';

export interface StandInAccount {
  readonly id: string;
  readonly handle: string;
}

export interface StandInPost {
  readonly id: string;
  readonly account: string;
  /** As it was sent. */
  readonly sent: string;
  /** As readers see it. */
  readonly text: string;
  readonly warning: string;
  readonly mediaIds: readonly string[];
  /** What it answers. */
  readonly replyTo: string | null;
  /** By this machine's clock. */
  readonly receivedAtMs: number;
  /** By the site's own clock. */
  readonly createdAt: string;
  /** Made by a person in the site's own application. */
  readonly byHand: boolean;
  /** Taken down by a person since. */
  isDeleted: boolean;
}

/** What one site knows: who there is, what was posted, and what it was asked to post. */
export interface SiteMemory {
  account(handle: string): StandInAccount;
  /** A token of its own for each who connects the account. */
  newToken(account: StandInAccount): string;
  accountOf(token: string): StandInAccount | null;
  accept(post: Omit<StandInPost, 'isDeleted'>): StandInPost;
  get(id: string): StandInPost | null;
  /** Of one account, newest first, without what was taken down. */
  listOf(account: string): StandInPost[];
  /** Everything that was ever accepted. */
  all(): readonly StandInPost[];
  noteRequest(account: StandInAccount, text: string): void;
  /** Whole requests for each text, by `requestKey`. */
  requests(): ReadonlyMap<string, number>;
  /** Somebody outside is sure to know of this post. */
  noteKnown(id: string): void;
  isKnown(id: string): boolean;
}

export function requestKey(externalId: string, text: string): string {
  return `${externalId} ${text}`;
}

/** @param firstAccountId of the site: no two sites have an account id in common */
export function createSiteMemory(firstAccountId: number): SiteMemory {
  const accounts = new Map<string, StandInAccount>();
  const tokens = new Map<string, StandInAccount>();
  const posts = new Map<string, StandInPost>();
  const byAccount = new Map<string, StandInPost[]>();
  const requests = new Map<string, number>();
  const known = new Set<string>();
  return {
    account(handle) {
      const account = accounts.get(handle) ?? { id: String(firstAccountId + accounts.size), handle };
      accounts.set(handle, account);
      return account;
    },
    newToken(account) {
      const token = `stand-in-${randomBytes(18).toString('base64url')}`;
      tokens.set(token, account);
      return token;
    },
    accountOf: (token) => tokens.get(token) ?? null,
    accept(given) {
      const post = { ...given, isDeleted: false };
      posts.set(post.id, post);
      byAccount.set(post.account, [post, ...(byAccount.get(post.account) ?? [])]);
      return post;
    },
    get(id) {
      const post = posts.get(id);
      return post === undefined || post.isDeleted ? null : post;
    },
    listOf: (account) => (byAccount.get(account) ?? []).filter(({ isDeleted }) => !isDeleted),
    all: () => [...posts.values()],
    noteRequest({ id }, text) {
      const key = requestKey(id, text);
      requests.set(key, (requests.get(key) ?? 0) + 1);
    },
    requests: () => requests,
    noteKnown: (id) => void known.add(id),
    isKnown: (id) => known.has(id),
  };
}
