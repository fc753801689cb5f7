import { z } from 'zod';

/** A page of a list. https://developers.facebook.com/docs/graph-api/results, read 2026-11. */
export function listOf<Row>(row: z.ZodType<Row>) {
  return z.object({
    data: z.array(row),
    paging: z
      .object({
        cursors: z.object({ after: z.string().max(1_000).optional() }).optional(),
        next: z.string().optional(),
      })
      .optional()
      .catch(undefined),
  });
}

interface Page<Row> {
  readonly data: Row[];
  readonly paging?:
    | { readonly cursors?: { readonly after?: string | undefined } | undefined; readonly next?: string | undefined }
    | undefined;
}

/**
 * Goes through a list, page by page, until `isEnough` or its end.
 * @returns the rows, and whether the list was read to where it had to be
 */
export async function readPages<Row>(
  read: (after: string | undefined) => Promise<Page<Row>>,
  { pagesMax, isEnough = () => false }: { pagesMax: number; isEnough?: (rows: readonly Row[]) => boolean },
): Promise<{ rows: Row[]; isComplete: boolean }> {
  const rows: Row[] = [];
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { data, paging } = await read(after);
    rows.push(...data);
    after = paging?.next === undefined ? undefined : paging.cursors?.after;
    if (after === undefined || isEnough(rows)) return { rows, isComplete: true };
  }
  return { rows, isComplete: false };
}
