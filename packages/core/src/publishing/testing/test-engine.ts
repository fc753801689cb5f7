import { randomInt } from 'node:crypto';
import { createPublishingEngine, type PublishingEngine } from '../publishing-engine.ts';
import type { Probes } from '../failpoints.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { createTestWorld, type TestWorld, withoutFiles } from './test-harness.ts';

export interface PublicationFacts extends Record<string, unknown> {
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  due_in_ms: number | null;
  platform_post_id: string | null;
  error: { category: string; code: string; manual: { text: string; composeUrl: string | null } | null } | null;
}

/** A world with publishers, which end with it, and short ways to look at a publication and to let its times pass. */
export interface EngineWorld extends TestWorld {
  engine(settings?: Partial<PublishSettings>, probes?: Probes): PublishingEngine;
  read(id: string): Promise<PublicationFacts>;
  /** Types of the publication's events, without `publication.`. */
  timeline(id: string): Promise<string[]>;
  makeDue(id: string): Promise<unknown>;
  /** What the death of a publisher looks like to the others. */
  endLease(id: string): Promise<unknown>;
}

export async function createEngineWorld(
  postgresUrl: string,
  limits: Parameters<typeof createTestWorld>[1] = {},
): Promise<EngineWorld> {
  const world = await createTestWorld(postgresUrl, limits);
  const engines: PublishingEngine[] = [];
  return {
    ...world,
    engine(settings = {}, probes = world.deps.probes) {
      const made = createPublishingEngine(
        { ...world.deps, probes },
        {
          settings: { ...world.settings, ...settings },
          owner: 'test',
          media: withoutFiles,
          random: () => 0,
          uniqueNumber: () => randomInt(2 ** 47),
        },
      );
      engines.push(made);
      return made;
    },
    async read(id) {
      const [row] = await world.sql<PublicationFacts>(
        `select status, attempts, retries_used, waiting_reason, platform_post_id, error,
           extract(epoch from due_at - clock_timestamp())::float8 * 1000 as due_in_ms from publications where id = $1`,
        [id],
      );
      if (row === undefined) throw new Error('no such publication');
      return row;
    },
    async timeline(id) {
      const rows = await world.sql<{ type: string }>('select type from events where publication_id = $1 order by id', [
        id,
      ]);
      return rows.map((row) => row.type.replace('publication.', ''));
    },
    makeDue: (id) => world.sql(`update publications set due_at = now() - interval '1 ms' where id = $1`, [id]),
    endLease: (id) => world.sql(`update publications set lease_until = now() - interval '1 ms' where id = $1`, [id]),
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
