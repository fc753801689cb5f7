import { newPublication } from '../state/publication-state.ts';
import { nextWorlds } from './moves.ts';
import { type Ablation, dueTick, lastTick, msPerTick, type World } from './model-state.ts';

export interface Exploration {
  readonly states: number;
  readonly violation: { readonly rule: string; readonly trace: readonly World[] } | null;
}

export interface Faults {
  readonly crashes: number;
  /** Requests or replies that the network may lose. */
  readonly losses: number;
}

/**
 * Visits every world that can be reached, breadth first, and stops at the first that breaks a rule, with the shortest way there.
 * @param sought stop for this rule only
 */
export function explore(faults: Faults, ablation: Ablation | null, sought: string | null = null): Exploration {
  const start = startWorld(faults);
  const seen = new Map<string, { world: World; from: string | null }>([[keyOf(start), { world: start, from: null }]]);
  let frontier = [keyOf(start)];
  while (frontier.length > 0) {
    const following: string[] = [];
    for (const key of frontier) {
      const world = seen.get(key)?.world;
      if (world === undefined) continue;
      const next = nextWorlds(world, ablation);
      const rule = brokenRule(world) ?? (next.length === 0 ? stuckRule(world) : null);
      if (rule !== null && (sought === null || rule === sought))
        return { states: seen.size, violation: { rule, trace: traceTo(seen, key) } };
      for (const reached of next) {
        const reachedKey = keyOf(reached);
        if (seen.has(reachedKey)) continue;
        seen.set(reachedKey, { world: reached, from: key });
        following.push(reachedKey);
      }
    }
    frontier = following;
  }
  return { states: seen.size, violation: null };
}

function startWorld(faults: Faults): World {
  const dueAtMs = dueTick * msPerTick;
  return {
    tick: 0,
    publication: { ...newPublication, status: 'scheduled', scheduledAtMs: dueAtMs, dueAtMs },
    workers: [{ doing: 'nothing' }, { doing: 'nothing' }],
    inFlight: [],
    visibleFromTick: [],
    cancelPromised: false,
    crashesLeft: faults.crashes,
    lossesLeft: faults.losses,
    early: false,
  };
}

/** What must hold in every world. */
function brokenRule(world: World): string | null {
  const { publication, visibleFromTick } = world;
  if (visibleFromTick.length > 1) return 'published twice';
  if (world.early) return 'sent before its time';
  if (world.cancelPromised && (visibleFromTick.length > 0 || world.inFlight.length > 0))
    return 'appears after a promised cancel';
  if (publication.status === 'published' && visibleFromTick.length === 0) return 'called published without being there';
  if (publication.status === 'failed' && visibleFromTick.length > 0) return 'called failed although it is there';
  return null;
}

/** When time is over and nobody can do anything more, the publication must have come to an end or know its next look. */
function stuckRule(world: World): string | null {
  const { status, dueAtMs, leaseUntilMs } = world.publication;
  if (['published', 'failed', 'canceled', 'unconfirmed', 'skipped'].includes(status)) return null;
  if (leaseUntilMs !== null && leaseUntilMs <= lastTick * msPerTick) return 'its claim is held for ever by nobody';
  return dueAtMs === null && leaseUntilMs === null ? 'nobody will ever look at it again' : null;
}

/** Workers are alike: a world and its mirror image are one. */
function keyOf(world: World): string {
  const { workers, publication, ...rest } = world;
  const { waiting, error, url, platformPostId, publishedAtMs, firstFailedAtMs, scheduledAtMs, ...deciding } =
    publication;
  const names = workers.map((worker) => JSON.stringify(worker));
  const swapped = (names[0] ?? '') > (names[1] ?? '');
  const inFlight = rest.inFlight.map(({ sentAtTick, worker }) => [
    sentAtTick,
    worker === null ? null : swapped ? 1 - worker : worker,
  ]);
  return JSON.stringify([
    Object.values(deciding),
    names.sort(),
    rest.tick,
    inFlight,
    rest.visibleFromTick,
    rest.cancelPromised,
    rest.crashesLeft,
    rest.lossesLeft,
    rest.early,
    waiting?.reason ?? null,
  ]);
}

function traceTo(seen: ReadonlyMap<string, { world: World; from: string | null }>, key: string): World[] {
  const trace: World[] = [];
  for (let at: string | null = key; at !== null; at = seen.get(at)?.from ?? null) {
    const world = seen.get(at)?.world;
    if (world !== undefined) trace.unshift(world);
  }
  return trace;
}
