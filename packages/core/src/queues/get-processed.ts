import type { ProcessedPublication } from '@vibetribe/contracts/queue';
import { attempts, publications } from '@vibetribe/db/schema/publications';
import { processedRecord } from '@vibetribe/db/schema/service';
import { and, asc, eq, gt, isNull, or } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';

const attemptsMax = 100;

/**
 * Whether sends were begun for a publication since the record was cleared, and what became of each. For service admins: of every organization.
 * @throws DomainError `forbidden`, `not_found`
 */
export async function getProcessed(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { publicationId }: { readonly publicationId: string },
): Promise<ProcessedPublication> {
  requireRight(actor, 'service:manage');
  return deps.db.asWorker(async (tx) => {
    const [publication] = await tx
      .select({ platform: publications.platform, status: publications.status })
      .from(publications)
      .where(eq(publications.id, publicationId));
    if (publication === undefined) throw notFound('publication');
    const rows = await tx
      .select({
        number: attempts.number,
        startedAt: attempts.startedAt,
        endedAt: attempts.endedAt,
        outcome: attempts.outcome,
      })
      .from(attempts)
      .crossJoin(processedRecord)
      .where(
        and(
          eq(attempts.publicationId, publicationId),
          or(isNull(processedRecord.clearedAt), gt(attempts.startedAt, processedRecord.clearedAt)),
        ),
      )
      .orderBy(asc(attempts.startedAt))
      .limit(attemptsMax);
    return {
      publicationId,
      platform: publication.platform as ProcessedPublication['platform'],
      status: publication.status,
      processed: rows.length > 0,
      attempts: rows.map((row) => ({
        ...row,
        startedAt: row.startedAt.toISOString(),
        endedAt: row.endedAt?.toISOString() ?? null,
      })),
    };
  });
}
