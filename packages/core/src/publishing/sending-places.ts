import { randomInt } from 'node:crypto';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { createBatcher } from '@vibetribe/resilience/batcher';
import { createSharedPlaces, type Share } from '@vibetribe/resilience/shared-places';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { shareOfOrganization, shareOfServer } from '../platforms/platform-shares.ts';

/** A place for one publication at a time, shared fairly by organizations and by the servers that users bring. */
export interface SendingPlaces {
  /**
   * Does `work` in a place of this platform.
   * @param isWanted whether others could use the caller's own place in the queue while this waits
   * @returns `no_place` where none came free while others wanted to come in: nothing was done
   */
  run(
    queued: { readonly publicationId: string; readonly generation: number },
    isWanted: () => boolean,
    work: () => Promise<void>,
  ): Promise<'done' | 'no_place'>;
}

export interface SendingPlacesOptions {
  /** Of one platform. */
  readonly placesMax: number;
  /** Removed by tests that show the harm. */
  readonly sharesOf?: ((queued: QueuedOwner) => readonly Share[]) | undefined;
}

const queuedColumns = {
  publicationId: column.text,
  organizationId: column.text,
  /** '' where the platform is one server. */
  service: column.text,
  generation: column.number,
};
export type QueuedOwner = RowOf<typeof queuedColumns>;

/** So long a publication waits for its share while it keeps others out, ms: not all of them give up in the same moment. */
const patienceMinMs = 250;
const patienceMaxMs = 1_000;
const batchMax = 100;
const batchWaitMaxMs = 250;

/**
 * The places of this process in which publications are sent, of each platform its own. Who waits for a share that is used up holds no
 * place, and leaves the queue's worker when others want to come in.
 */
export function createSendingPlaces(
  deps: Pick<CoreDependencies, 'db'>,
  options: SendingPlacesOptions,
): (platform: PlatformId) => SendingPlaces {
  const { placesMax, sharesOf = sharesOfPublication } = options;
  const read = createBatcher({
    maxSize: batchMax,
    maxWaitMs: batchWaitMaxMs,
    run: (ids: string[]) => readQueued(deps, ids),
  });

  return () => {
    const places = createSharedPlaces({ totalMax: placesMax });
    return {
      async run({ publicationId, generation }, isWanted, work) {
        const queued = await read.add(publicationId);
        // It is gone: the claim tells.
        if (queued === null) return work().then(() => 'done');
        using place = await places.take(sharesOf(queued), {
          ms: randomInt(patienceMinMs, patienceMaxMs),
          isOver: isWanted,
        });
        if (place !== null) return await work().then(() => 'done');
        // It was enqueued again meanwhile: that job will come.
        return queued.generation === generation ? 'no_place' : 'done';
      },
    };
  };
}

function sharesOfPublication({ organizationId, service }: QueuedOwner): Share[] {
  return [shareOfOrganization(organizationId), ...shareOfServer(service)];
}

async function readQueued(deps: Pick<CoreDependencies, 'db'>, ids: readonly string[]): Promise<(QueuedOwner | null)[]> {
  const named = [...new Set(ids)];
  const rows = await deps.db.asKeyedWorker(
    (tx) =>
      queryRows(tx, queuedColumns)`
        select p.id as "publicationId", p.organization_id as "organizationId", a.service, p.generation::float8 as generation
        from publications p join accounts a on a.id = p.account_id where p.id = any(${sql.param(named)}::text[])
        union all
        select c.id, c.organization_id, a.service, c.generation::float8
        from publication_changes c join publications p on p.id = c.publication_id join accounts a on a.id = p.account_id
        where c.id = any(${sql.param(named)}::text[])`,
  );
  const byId = new Map(rows.map((row) => [row.publicationId, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
