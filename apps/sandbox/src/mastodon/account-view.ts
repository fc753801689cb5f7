import type { Account } from '../state/accounts.ts';

/** https://docs.joinmastodon.org/entities/Account/ */
export function accountView(
  account: Account,
  origin: string,
  { statuses, followers }: { statuses: { count: number; lastAt: string | null }; followers: number },
) {
  const picture = `${origin}/avatars/original/missing.png`;
  const header = `${origin}/headers/original/missing.png`;
  return {
    id: account.id,
    username: account.handle,
    acct: account.handle,
    display_name: account.displayName,
    locked: false,
    bot: false,
    discoverable: true,
    indexable: false,
    group: false,
    created_at: `${account.createdAt.slice(0, 10)}T00:00:00.000Z`,
    note: '',
    url: `${origin}/@${account.handle}`,
    uri: `${origin}/users/${account.handle}`,
    avatar: picture,
    avatar_static: picture,
    avatar_description: '',
    header,
    header_static: header,
    header_description: '',
    followers_count: followers,
    following_count: 0,
    statuses_count: statuses.count,
    last_status_at: statuses.lastAt?.slice(0, 10) ?? null,
    hide_collections: null,
    noindex: false,
    emojis: [],
    roles: [],
    fields: [],
  };
}

/** https://docs.joinmastodon.org/entities/Account/#CredentialAccount */
export function credentialAccountView(account: ReturnType<typeof accountView>) {
  return {
    ...account,
    source: {
      privacy: 'public',
      sensitive: false,
      language: null,
      note: '',
      fields: [],
      follow_requests_count: 0,
      hide_collections: null,
      discoverable: true,
      indexable: false,
      attribution_domains: [],
      quote_policy: 'public',
    },
    role: { id: '-99', name: '', permissions: '65536', color: '', highlighted: false },
  };
}
