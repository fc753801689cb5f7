import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { CardReading } from './card-reader.ts';
import { PictureFacts } from './read-picture.ts';

export interface CardPart {
  readonly organizationId: string;
  readonly publicationId: string;
  /** 0: the post itself. */
  readonly part: number;
}

const readingColumns = {
  title: column.textOrNull,
  description: column.textOrNull,
  pageFault: column.textOrNull,
  pictureFault: column.textOrNull,
  picture: z.instanceof(Buffer).nullable(),
  pictureFacts: PictureFacts.nullable(),
};

/** How long a reading counts for the part that it was made for, and for others with the same link. */
const keptFor = { own: '24 hours', others: '10 minutes' };

/** An earlier reading of this page, made for this part or for another part of the organization's posts. */
export async function findReading(
  { db }: Pick<CoreDependencies, 'db'>,
  { organizationId, publicationId, part }: CardPart,
  url: string,
): Promise<CardReading | null> {
  const rows = await db.asWorker(
    (tx) => queryRows(tx, readingColumns)`
      select title, description, page_fault as "pageFault", picture_fault as "pictureFault", picture, picture_facts as "pictureFacts"
      from link_cards
      where organization_id = ${organizationId} and md5(url) = md5(${url}) and url = ${url}
        and read_at > clock_timestamp() - case when publication_id = ${publicationId} and part = ${part}
          then ${keptFor.own}::interval else ${keptFor.others}::interval end
      order by publication_id = ${publicationId} and part = ${part} desc, read_at desc limit 1`,
  );
  return rows[0] === undefined ? null : readingOf(rows[0]);
}

function readingOf({ picture, pictureFacts, ...told }: RowOf<typeof readingColumns>): CardReading {
  return { ...told, picture: picture === null || pictureFacts === null ? null : { bytes: picture, ...pictureFacts } };
}

/** Keeps a reading with its publication, if that is still there. */
export async function storeReading(
  { db }: Pick<CoreDependencies, 'db'>,
  { organizationId, publicationId, part }: CardPart,
  url: string,
  { title, description, pageFault, pictureFault, picture }: CardReading,
): Promise<void> {
  const { bytes = null, ...facts } = picture ?? {};
  await db.asWorker((tx) =>
    tx.execute(sql`
      insert into link_cards (organization_id, publication_id, part, url, title, description, page_fault, picture_fault, picture, picture_facts)
      select organization_id, id, ${part}::int, ${url}::text, ${title}::text, ${description}::text, ${pageFault}::text, ${pictureFault}::text, ${bytes}::bytea,
        ${picture === null ? null : JSON.stringify(facts)}::jsonb
      from publications where organization_id = ${organizationId} and id = ${publicationId}
      on conflict (publication_id, part) do update set url = excluded.url, title = excluded.title, description = excluded.description,
        page_fault = excluded.page_fault, picture_fault = excluded.picture_fault, picture = excluded.picture,
        picture_facts = excluded.picture_facts, read_at = excluded.read_at`),
  );
}

/** The picture that a card was fixed with; null where it is gone. */
export async function readCardPicture(
  { db }: Pick<CoreDependencies, 'db'>,
  { publicationId, part }: CardPart,
  sha256: string,
): Promise<Buffer | null> {
  const rows = await db.asWorker(
    (tx) => queryRows(tx, { picture: z.instanceof(Buffer).nullable() })`
      select picture from link_cards
      where publication_id = ${publicationId} and part = ${part} and picture_facts ->> 'sha256' = ${sha256}`,
  );
  return rows[0]?.picture ?? null;
}

/** Forgets the cards of content that was edited: its links are looked for again. */
export async function forgetCards(tx: Transaction, publicationIds: readonly string[]): Promise<void> {
  const ids = sql.param(publicationIds);
  await tx.execute(sql`delete from link_cards where publication_id = any(${ids}::text[])`);
  await tx.execute(
    sql`update publications set cards_looked_for_at = null where id = any(${ids}::text[]) and cards_looked_for_at is not null`,
  );
}
