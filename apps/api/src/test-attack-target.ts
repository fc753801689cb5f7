import { addAccount, type OwnerSql } from '@vibetribe/db/testing/test-rows';
import type { AttackTarget } from './test-attacks.ts';

/** Makes what the attacks aim at: a hundred accounts of each platform whose texts are counted in a way of its own. */
export async function addAttackTarget(sql: OwnerSql, organizationId: string): Promise<AttackTarget> {
  const accountsOf = async (platform: string, count: number) => {
    const service = ['mastodon', 'bluesky'].includes(platform) ? 'https://social.example' : '';
    const ids = [];
    for (let made = 0; made < count; made += 1)
      ids.push((await addAccount(sql, { organizationId, platform, service })).accountId);
    return ids;
  };
  const xAccountIds = await accountsOf('x', 100);
  const mastodonAccountIds = await accountsOf('mastodon', 100);
  const blueskyAccountIds = await accountsOf('bluesky', 100);
  const others = await accountsOf('discord', 1);
  const accountIds = [xAccountIds, mastodonAccountIds, blueskyAccountIds, others].map(([first = '']) => first);
  return { xAccountIds, mastodonAccountIds, blueskyAccountIds, accountIds };
}
