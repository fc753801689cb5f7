import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Transaction } from './connect-database.ts';

/** What the columns of a raw statement hold. `numeric`, `bigint` and times come as text: a statement casts or formats them. */
export const column = {
  text: z.string(),
  textOrNull: z.string().nullable(),
  number: z.number(),
  numberOrNull: z.number().nullable(),
  boolean: z.boolean(),
  booleanOrNull: z.boolean().nullable(),
  /** JSON that only this service writes: its inside is trusted. */
  json: <Value>() => z.custom<Value>(),
} as const;

export type RowOf<Shape extends z.ZodRawShape> = Readonly<z.output<z.ZodObject<Shape>>>;

/**
 * The rows of a raw statement: queryRows(tx, { id: column.text })`select id from posts`. In tests each row is checked: a column too many,
 * too few or of another type is an error. Production trusts the types, because every statement runs in tests.
 * @throws RowMismatchError in tests
 */
export function queryRows<const Shape extends z.ZodRawShape>(tx: Pick<Transaction, 'execute'>, columns: Shape) {
  return async (text: TemplateStringsArray, ...values: readonly unknown[]): Promise<RowOf<Shape>[]> => {
    const { rows } = await tx.execute(sql(text, ...values));
    if (areChecked && rows.length > 0) check(columns, rows);
    return rows as RowOf<Shape>[];
  };
}

export class RowMismatchError extends Error {
  override readonly name = 'RowMismatchError';
}

/** Vitest sets it, and the processes that a test starts inherit it. */
// oxlint-disable-next-line no-process-env, no-restricted-globals, no-restricted-properties -- no setting of the product
const areChecked = process.env['VITEST'] !== undefined;

function check(columns: z.ZodRawShape, rows: readonly unknown[]): void {
  const checked = z.array(z.strictObject(columns)).safeParse(rows);
  if (!checked.success) throw new RowMismatchError(z.prettifyError(checked.error));
}
