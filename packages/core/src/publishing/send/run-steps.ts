import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { KeySeed, LastPost, PublishRun } from '@vibetribe/platforms/port/publish';
import type { LateFence } from '@vibetribe/platforms/http/create-platform-http';
import type { PlatformHttp } from '@vibetribe/platforms/port/platform-http';
import type { Clock } from '@vibetribe/resilience/clock';
import type { SendIntent } from './begin-sends.ts';
import type { Failpoints } from '../failpoints.ts';
import type { PublicationWork, StoredStep } from '../claim/publication-work.ts';
import type { StepResult } from '../record/outcome-record.ts';
import { postTaken } from '../state/post-taken.ts';

/** Another publisher owns the publication now, or a user stopped it: this run ends without a trace. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
}

export interface StepRunner {
  readonly step: PublishRun['step'];
  readonly hasResult: PublishRun['hasResult'];
  /** A send was begun and has not been answered. */
  intentOpen(): boolean;
  /** A step that makes something visible has succeeded, now or earlier. */
  committed(): boolean;
  /** Results that are in memory only; the record writes them. */
  unwritten(): readonly StepResult[];
}

interface RunnerDependencies {
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly beginSend: (intent: SendIntent) => Promise<Date | null>;
  readonly saveStep: (work: PublicationWork, step: StoredStep) => Promise<boolean>;
  readonly httpFor: (lateFence: LateFence | null) => PlatformHttp;
  readonly lastPost: () => LastPost | null;
  readonly now: () => Date;
  /** A request handed to the network before this much of the lease is gone ends before the lease does, ms. */
  readonly sendBudgetMs: number;
}

/** Runs an adapter's steps so that a resumed publication repeats none that has a result, and sends nothing without an intent on disk. */
export function createStepRunner(deps: RunnerDependencies, work: PublicationWork): StepRunner {
  const stored = new Map(work.steps.map((step) => [step.name, step]));
  let openStep: string | null = null;
  let committed = work.state.committed;
  let unwritten: StepResult[] = [];

  // A platform that remembers keys would answer with that other publication's post again.
  const isKeySpent = (step: StoredStep | undefined) =>
    step?.keyed === true && step.effect === 'once' && work.state.error?.code === postTaken.code;

  const keyFor = async <Key extends JsonValue>(
    name: string,
    makeKey: ((seed: KeySeed) => Key | Promise<Key>) | undefined,
  ): Promise<Key> => {
    const known = stored.get(name);
    const isSpent = isKeySpent(known);
    // The key was stored by the same step of the same adapter, so it has its type.
    if (known?.keyed === true && !isSpent && deps.failpoints.has('stable_key')) return known.key as Key;
    const stableId = isSpent ? `${work.part.id}-${work.state.attempts + 1}` : work.part.id;
    const seed = {
      partId: deps.failpoints.has('stable_key') ? stableId : `${work.part.id} ${work.fence}`,
      lastPost: deps.lastPost(),
    };
    return makeKey === undefined ? (null as Key) : makeKey(seed);
  };

  const flush = async () => {
    for (const result of unwritten) {
      const step = {
        name: result.name,
        effect: result.effect,
        key: null,
        keyed: false,
        result: result.result,
        done: true,
      };
      if (!(await deps.saveStep(work, step))) throw new ClaimLostError();
      await deps.failpoints.reach('step:saved');
    }
    unwritten = [];
    openStep = null;
  };

  return {
    hasResult: (name) => stored.get(name)?.done === true || unwritten.some((result) => result.name === name),
    intentOpen: () => openStep !== null,
    committed: () => committed,
    unwritten: () => unwritten,
    async step({ name, effect, key: makeKey, run }) {
      await flush();
      const known = stored.get(name);
      if (known?.done === true) return known.result as Awaited<ReturnType<typeof run>>;
      const key = await keyFor(name, makeKey);
      if (effect !== 'once') {
        if (makeKey !== undefined && known === undefined) {
          const keyed = { name, effect, key, keyed: true, result: null, done: false };
          if (!(await deps.saveStep(work, keyed))) throw new ClaimLostError();
        }
        const result = await run({ key, http: deps.httpFor(null), startedAt: deps.now() });
        unwritten.push({ name, effect, result });
        return result;
      }
      const lateFence = fenceFromNow(deps);
      const startedAt = await deps.beginSend({ work, step: name, key, replacesKey: isKeySpent(known) });
      if (startedAt === null) throw new ClaimLostError();
      openStep = name;
      await deps.failpoints.reach('send:before_request');
      const result = await run({ key, http: deps.httpFor(lateFence), startedAt });
      await deps.failpoints.reach('send:after_answer');
      openStep = null;
      committed = true;
      unwritten.push({ name, effect, result });
      return result;
    },
  };
}

/** Counted from before the intent was written, so that it can only be stricter than the lease in the database. */
function fenceFromNow(deps: Pick<RunnerDependencies, 'clock' | 'sendBudgetMs'>): LateFence {
  return {
    sendBeforeMonotonicMs: deps.clock.monotonicMs() + deps.sendBudgetMs,
    sendBeforeWallMs: deps.clock.now().getTime() + deps.sendBudgetMs,
  };
}
