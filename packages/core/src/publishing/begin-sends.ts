import type { JsonValue } from '@vibetribe/platforms/adapter';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { lockPublications } from './move-publications.ts';
import { stateOf } from './publication-row.ts';
import type { PublicationWork } from './publication-work.ts';
import type { PublishSettings } from './publish-settings.ts';
import { step } from './reducer.ts';
import { writeSteps } from './write-steps.ts';

export interface SendIntent {
  readonly work: PublicationWork;
  readonly step: string;
  readonly key: JsonValue;
}

/** True: the intent is on disk and the lease is whole. False: the claim was lost; nothing may be sent. */
export async function beginSends(
  deps: Pick<CoreDependencies, 'db' | 'probes'>,
  settings: PublishSettings,
  intents: readonly SendIntent[],
): Promise<boolean[]> {
  if (!deps.probes.has('intent_before_send')) return intents.map(() => true);
  const byId = new Map(intents.map((intent) => [intent.work.publicationId, intent]));
  const begun = await deps.db.asWorker(async (tx) => {
    const rows = await lockPublications(tx, [...byId.keys()]);
    const moved = rows.flatMap((row) => {
      const intent = byId.get(row.id);
      if (intent === undefined) return [];
      const decided = step(stateOf(row), { type: 'intend', fence: intent.work.fence, leaseMs: settings.claimLeaseMs }, row.nowMs);
      return decided.kind === 'moved' ? [{ row, step: decided, intent, sendingStep: intent.step }] : [];
    });
    await writeSteps(tx, moved);
    const keys = moved.map(({ intent }) => ({
      organizationId: intent.work.organizationId,
      publicationId: intent.work.publicationId,
      name: intent.step,
      key: intent.key,
    }));
    if (keys.length > 0) {
      await tx.execute(sql`
        insert into publication_steps (organization_id, publication_id, name, effect, key, keyed_at)
        select k."organizationId", k."publicationId", k.name, 'once', k.key, clock_timestamp()
        from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k("organizationId" text, "publicationId" text, name text, key jsonb)
        on conflict (publication_id, name) do nothing`);
    }
    await deps.probes.failpoint('intent:before_commit');
    return new Set(moved.map(({ row }) => row.id));
  });
  await deps.probes.failpoint('intent:after_commit');
  return intents.map(({ work }) => begun.has(work.publicationId));
}
