import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileQuery } from '../port/reconcile.ts';
import { callDiscord } from './api.ts';

/** How many that should be in the list are asked for one by one. */
const missingMax = 3;

/** One of ours that lies in the list's range, is there, and is not in the list: then the list proves nothing. */
export async function findMissing(
  query: ReconcileQuery,
  {
    from,
    seenIds,
    pathOf,
  }: { readonly from: string; readonly seenIds: ReadonlySet<string>; readonly pathOf: (id: string) => string },
): Promise<string | null> {
  const expected = query.knownSince.filter(
    (id) => foreignNumericId().safeParse(id).success && !seenIds.has(id) && BigInt(id) > BigInt(from),
  );
  for (const id of expected.slice(0, missingMax)) {
    const call = { ...query, method: 'GET', path: pathOf(id), effect: 'read', answer: z.unknown() } as const;
    const isThere = await callDiscord(call).then(
      () => true,
      (error: unknown) => {
        if (error instanceof PlatformError && error.kind === 'not_found') return false;
        throw error;
      },
    );
    if (isThere) return id;
  }
  return null;
}
