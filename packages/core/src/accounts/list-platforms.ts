import type { BreakerState, Platform } from '@vibetribe/contracts/platform';
import { platformIds, type PlatformId } from '@vibetribe/contracts/platform-id';
import { breakers } from '@vibetribe/db/schema/service';
import type { PlatformAdapter, PlatformLimits } from '@vibetribe/platforms/port/adapter';
import { z } from 'zod';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';

/** Every platform with its rules, as data: a client can build its forms and counters from it. */
export async function listPlatforms(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'postsPerHour' | 'appPostsPerDay'>,
  actor: Actor,
): Promise<{ items: Platform[] }> {
  const states = await readBreakerStates(deps, actor);
  return {
    items: platformIds.map((id) =>
      presentPlatform(
        deps.adapters[id],
        { postsPerHour: deps.postsPerHour(id), appPostsPerDay: deps.appPostsPerDay(id) },
        states.get(id) ?? 'closed',
      ),
    ),
  };
}

const badness: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** A platform of many servers has a breaker each: the worst one is shown. */
async function readBreakerStates(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<Map<string, BreakerState>> {
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx.selectDistinct({ platform: breakers.platform, state: breakers.state }).from(breakers),
  );
  const worst = new Map<string, BreakerState>();
  for (const { platform, state } of rows) {
    const known = worst.get(platform) ?? 'closed';
    worst.set(platform, badness[state] > badness[known] ? state : known);
  }
  return worst;
}

function presentPlatform(
  adapter: PlatformAdapter,
  { postsPerHour, appPostsPerDay }: Pick<PlatformLimits, 'postsPerHour' | 'appPostsPerDay'>,
  breaker: BreakerState,
): Platform {
  const { text, media, thread, options, requiredFields } = adapter.rules;
  const { appUnitsPerDay: units } = adapter.limits;
  return {
    id: adapter.id satisfies PlatformId,
    displayName: adapter.displayName,
    connect: { oauth: adapter.oauth !== undefined, manual: adapter.manual !== undefined },
    rules: {
      text: { max: text.max, countedAs: text.countedAs, required: text.required },
      media,
      thread: thread === null ? null : { partsMax: thread.partsMax },
      requiredFields: [...requiredFields],
      options: z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
    },
    manualFields: (adapter.manual?.fields ?? []).map((field) => ({ ...field })),
    limits: [
      { name: 'posts_per_hour', limit: postsPerHour },
      ...(appPostsPerDay === null ? [] : [{ name: 'app_posts_per_day', limit: appPostsPerDay }]),
      ...(units === undefined ? [] : [{ name: 'app_units_per_day', limit: units.limit }]),
    ],
    breaker,
  };
}
