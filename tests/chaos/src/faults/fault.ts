import type { ChaosSystem } from '../chaos-system.ts';
import type { ProcessSlot } from '../process-slot.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What an injector needs. Everything it draws comes from `random`, so that a seed gives the same faults. */
export interface FaultContext {
  readonly system: ChaosSystem;
  readonly random: SeededRandom;
  /** The longest time that a process may be frozen. */
  readonly freezeMaxMs: number;
  /** Of libfaketime; null: clocks are left alone. */
  readonly faketimeLibrary: string | null;
  /** How far the database's clock may be put off; 0: it is left alone. */
  readonly databaseClockMaxSeconds: number;
  /** Whether the database may go back in time: an operator has to look at the platforms then, which takes a while. */
  readonly rewinds: boolean;
  /** A process that no other fault has in its hands; one of its app is always left alone. Null: there is none now. */
  readonly takeSlot: (apps: readonly string[]) => TakenSlot | null;
}

export interface TakenSlot extends Disposable {
  readonly slot: ProcessSlot;
}

/** One kind of fault. Faults of a lane start one after the other; those of different lanes meet. */
export interface FaultKind {
  readonly name: string;
  readonly lane: 'platform' | 'process' | 'store';
  readonly weight: number;
  /** Decides what to strike and draws what it needs at once; `run` does it and resolves when it is over. Null: not now. */
  plan(context: FaultContext): PlannedFault | null;
}

export interface PlannedFault {
  readonly target: string;
  run(): Promise<void>;
}
