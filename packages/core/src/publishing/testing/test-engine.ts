import { createPublishingEngine, type PublishingEngine } from '../publishing-engine.ts';
import type { Failpoints } from '../failpoints.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { createTestHarness, type TestHarness, withoutFiles } from './test-harness.ts';

export interface PublicationFacts extends Record<string, unknown> {
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  due_in_ms: number | null;
  platform_post_id: string | null;
  error: { category: string; code: string; manual: { text: string; composeUrl: string | null } | null } | null;
}

/** A harness with publishers, which end with it, and short ways to look at a publication and to let its times pass. */
export interface EngineHarness extends TestHarness {
  engine(settings?: Partial<PublishSettings>, failpoints?: Failpoints): PublishingEngine;
  read(id: string): Promise<PublicationFacts>;
  /** Types of the publication's events, without `publication.`. */
  timeline(id: string): Promise<string[]>;
  /** Its account's closing by the platform has passed, too. */
  makeDue(id: string): Promise<unknown>;
  /** What the death of a publisher looks like to the others. */
  endLease(id: string): Promise<unknown>;
}

export async function createEngineHarness(
  postgresUrl: string,
  limits: Parameters<typeof createTestHarness>[1] = {},
): Promise<EngineHarness> {
  const harness = await createTestHarness(postgresUrl, limits);
  const engines: PublishingEngine[] = [];
  return {
    ...harness,
    engine(settings = {}, failpoints = harness.deps.failpoints) {
      const made = createPublishingEngine(
        { ...harness.deps, failpoints },
        {
          settings: { ...harness.settings, ...settings },
          owner: 'test',
          media: withoutFiles,
          random: () => 0,
        },
      );
      engines.push(made);
      return made;
    },
    async read(id) {
      const [row] = await harness.sql<PublicationFacts>(
        `select status, attempts, retries_used, waiting_reason, platform_post_id, error,
           extract(epoch from due_at - clock_timestamp())::float8 * 1000 as due_in_ms from publications where id = $1`,
        [id],
      );
      if (row === undefined) throw new Error('no such publication');
      return row;
    },
    async timeline(id) {
      const rows = await harness.sql<{ type: string }>(
        'select type from events where publication_id = $1 order by id',
        [id],
      );
      return rows.map((row) => row.type.replace('publication.', ''));
    },
    async makeDue(id) {
      await harness.sql(`update publications set due_at = now() - interval '1 ms' where id = $1`, [id]);
      await harness.sql(
        `update accounts set posts_closed_until = now() - interval '1 ms'
         where posts_closed_until > now() and id = (select account_id from publications where id = $1)`,
        [id],
      );
    },
    endLease: (id) =>
      harness.sql(
        `update publications set lease_until = now() - interval '1 ms' where id = $1 and lease_until is not null`,
        [id],
      ),
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    },
  };
}
