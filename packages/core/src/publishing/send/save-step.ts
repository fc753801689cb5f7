import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { movePublications } from '../store/decide-and-write.ts';
import type { PublicationWork, StoredStep } from '../claim/publication-work.ts';
import { positionOfPart, storedName } from '../claim/work-part.ts';
import type { PublishSettings } from '../publish-settings.ts';

/**
 * Puts a step's key or result on disk and renews the lease. False: the claim was lost.
 * @param message tells of it on the timeline; absent: that the step is done
 */
export async function saveStep(
  deps: Pick<CoreDependencies, 'db'>,
  settings: PublishSettings,
  work: PublicationWork,
  stored: StoredStep,
  message?: string,
): Promise<boolean> {
  const name = storedName(work, stored.name);
  return deps.db.asKeyedWorker(async (tx) => {
    const [moved] = await movePublications(tx, [work.publicationId], () => ({
      type: 'progress',
      fence: work.fence,
      leaseMs: settings.claimLeaseMs,
      step: name,
      message,
      committed: stored.effect === 'once' && stored.done,
      ...positionOfPart(work, settings.claimLeaseMs),
    }));
    if (moved?.transition.kind !== 'moved') return false;
    await tx.execute(sql`
      insert into publication_steps (organization_id, publication_id, name, effect, key, keyed_at, result, done_at)
      values (${work.organizationId}, ${work.publicationId}, ${name}, ${stored.effect}, ${JSON.stringify(stored.key)}::jsonb,
        case when ${stored.keyed} then clock_timestamp() end, ${JSON.stringify(stored.result)}::jsonb,
        case when ${stored.done} then clock_timestamp() end)
      on conflict (publication_id, name) do update set result = excluded.result, done_at = excluded.done_at`);
    return true;
  });
}
