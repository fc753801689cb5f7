import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { mailedLinks } from '@vibetribe/db/schema/identity';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';

type Purpose = typeof mailedLinks.$inferSelect.purpose;

/** Of every link that is mailed. */
export const linkLifeHours = 1;

/** @returns its token, which is stored nowhere */
export async function makeLink(
  tx: Transaction,
  link: { readonly purpose: Purpose; readonly email: string; readonly userId: string | null },
): Promise<string> {
  const token = newOpaqueToken('vtl_');
  const expiresAt = sql`clock_timestamp() + make_interval(hours => ${linkLifeHours}::int)`;
  await tx.insert(mailedLinks).values({ ...link, tokenHash: hashToken(token), expiresAt });
  return token;
}

const linkColumns = { email: column.text, userId: column.textOrNull };

/** Uses a link up. @throws DomainError `link_invalid` */
export async function takeLink(tx: Transaction, purpose: Purpose, token: string) {
  const [link] = await queryRows(tx, linkColumns)`
    delete from mailed_links where token_hash = ${hashToken(token)} and purpose = ${purpose} and expires_at > clock_timestamp()
    returning email, user_id as "userId"`;
  if (link === undefined) throw invalidLink();
  return link;
}

/** Ends every link of a user: a lost password, another address. */
export async function endLinksOf(
  tx: Transaction,
  { userId, email }: { readonly userId: string; readonly email: string },
): Promise<void> {
  await tx.execute(sql`delete from mailed_links where email = lower(${email}) or user_id = ${userId}`);
}

/** Looks without using it up. @throws DomainError `link_invalid` */
export async function requireLink(tx: Transaction, purpose: Purpose, token: string): Promise<void> {
  const [link] = await queryRows(tx, linkColumns)`
    select email, user_id as "userId" from mailed_links
    where token_hash = ${hashToken(token)} and purpose = ${purpose} and expires_at > clock_timestamp()`;
  if (link === undefined) throw invalidLink();
}

function invalidLink(): DomainError {
  return new DomainError('link_invalid', 'The link is unknown, used or expired: ask for another one.');
}
