import type { BreakerState, Platform } from '@vibetribe/contracts/platform';
import { platformIds, type PlatformId } from '@vibetribe/contracts/platform-id';
import { breakers } from '@vibetribe/db/schema/service';
import type { PlatformAdapter, PlatformLimits } from '@vibetribe/platforms/port/adapter';
import { z } from 'zod';
import type { Actor } from '../actor.ts';
import type { Caches } from '../caches.ts';
import type { CoreDependencies } from '../core-dependencies.ts';

/** Every platform with its rules, as data: a client can build its forms and counters from it. */
export async function listPlatforms(
  deps: Pick<CoreDependencies, 'db'> & { readonly platformRules: PlatformRules },
  actor: Actor,
): Promise<Platform[]> {
  const [rules, states] = await Promise.all([deps.platformRules(), readBreakerStates(deps, actor)]);
  return rules.map((platform) => ({ ...platform, breaker: states.get(platform.id) ?? 'closed' }));
}

/** All of a platform but its breaker, which alone changes while the process runs. */
export type PlatformRules = () => Promise<readonly Omit<Platform, 'breaker'>[]>;

/** Remembers them: making JSON Schemas of all options takes longer than the rest of a request. */
export function createPlatformRules(
  deps: Pick<CoreDependencies, 'adapters' | 'postsPerHour' | 'appPostsPerDay'>,
  caches: Caches,
): PlatformRules {
  const cache = caches.open<readonly Omit<Platform, 'breaker'>[]>('platform-rules', { entriesMax: 1 });
  const load = async () =>
    platformIds.map((id) =>
      presentPlatform(deps.adapters[id], {
        postsPerHour: deps.postsPerHour(id),
        appPostsPerDay: deps.appPostsPerDay(id),
      }),
    );
  return () => cache.get('all', load);
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
): Omit<Platform, 'breaker'> {
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
  };
}
