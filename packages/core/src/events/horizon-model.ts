/**
 * The event log as PostgreSQL keeps it, cut into the smallest steps that can fall between each other. Writers take a lock, get ids, and
 * commit or roll back. One reader looks twice. A lock is the id that a writer has read before.
 */
export interface LogState {
  readonly lastId: number;
  readonly writers: readonly Writer[];
  /** Ids that can be seen by a statement that begins now. */
  readonly visible: readonly number[];
  readonly reader: Reader;
  /** What the reader has passed on, in that order. */
  readonly passedOn: readonly number[];
}

interface Writer {
  readonly steps: readonly WriterStep[];
  /** The last id as the writer has read it. */
  readonly saw: number;
  readonly lock: number | null;
  readonly ids: readonly number[];
}

type WriterStep = 'read_last_id' | 'lock' | 'take_id' | 'show_rows' | 'unlock' | 'forget_rows';
type ReaderStep = 'read_last_id' | 'read_locks' | 'read_rows';

interface Reader {
  readonly steps: readonly ReaderStep[];
  readonly lastId: number;
  readonly belowWriters: number;
  readonly rows: readonly number[];
}

/** A way to do it wrong. */
export type Ablation =
  | 'no_lock'
  | 'lock_after_id'
  | 'unlock_before_rows_show'
  | 'locks_before_last_id'
  | 'rows_before_locks';

const readerSteps: Record<'right' | 'locks_before_last_id' | 'rows_before_locks', readonly ReaderStep[]> = {
  right: ['read_last_id', 'read_locks', 'read_rows'],
  locks_before_last_id: ['read_locks', 'read_last_id', 'read_rows'],
  rows_before_locks: ['read_rows', 'read_last_id', 'read_locks'],
};

export interface Outcome {
  readonly states: number;
  /** How an event was lost, or told in the wrong order: the states on the way there. */
  readonly harm: readonly LogState[] | null;
}

/** Every interleaving of `writers` transactions, each with two events or rolled back, and a reader that reads `reads` times and once at the end. */
export function exploreLog(writers: number, reads: number, ablation: Ablation | null): Outcome {
  const order = ablation === 'locks_before_last_id' || ablation === 'rows_before_locks' ? ablation : 'right';
  const turn = readerSteps[order];
  const seen = new Set<string>();
  let harm: LogState[] | null = null;
  const starts = choices(writers).map((commits) => ({
    lastId: 0,
    writers: commits.map((isCommitted) => newWriter(isCommitted, ablation)),
    visible: [],
    reader: { steps: Array.from({ length: reads }, () => turn).flat(), lastId: 0, belowWriters: 0, rows: [] },
    passedOn: [],
  }));

  const visit = (state: LogState, path: readonly LogState[]): void => {
    if (harm !== null) return;
    const key = keyOf(state);
    if (seen.has(key)) return;
    seen.add(key);
    const here = [...path, state];
    const next = nextStates(state);
    if (isOutOfOrder(state.passedOn) || (next.length === 0 && isIncomplete(state))) harm = here;
    for (const following of next) visit(following, here);
  };
  for (const start of starts) visit(start, []);
  return { states: seen.size, harm };
}

/** Writers are alike: states that differ in their order alone are one. */
function keyOf({ writers, ...log }: LogState): string {
  return JSON.stringify([log, writers.map((writer) => JSON.stringify(writer)).sort()]);
}

function newWriter(isCommitted: boolean, ablation: Ablation | null): Writer {
  const ids: WriterStep[] = ['take_id', 'take_id'];
  const locking: WriterStep[] = ablation === 'no_lock' ? [] : ['read_last_id', 'lock'];
  const begin: WriterStep[] = ablation === 'lock_after_id' ? [...ids, ...locking] : [...locking, ...ids];
  const end: WriterStep[] = isCommitted ? ['show_rows', 'unlock'] : ['forget_rows', 'unlock'];
  return {
    steps: [...begin, ...(ablation === 'unlock_before_rows_show' ? end.toReversed() : end)],
    saw: 0,
    lock: null,
    ids: [],
  };
}

function nextStates(state: LogState): LogState[] {
  const next = state.writers.flatMap((writer, index) => {
    const [step, ...steps] = writer.steps;
    return step === undefined ? [] : [writerStep(state, index, { ...writer, steps }, step)];
  });
  const [step, ...steps] = state.reader.steps;
  if (step !== undefined) next.push(readerStep(state, { ...state.reader, steps }, step));
  return next;
}

function writerStep(state: LogState, index: number, writer: Writer, step: WriterStep): LogState {
  const put = (changed: Partial<Writer>, log: Partial<LogState> = {}): LogState => ({
    ...state,
    ...log,
    writers: state.writers.with(index, { ...writer, ...changed }),
  });
  switch (step) {
    case 'read_last_id':
      return put({ saw: state.lastId });
    case 'lock':
      return put({ lock: writer.saw });
    case 'take_id':
      return put({ ids: [...writer.ids, state.lastId + 1] }, { lastId: state.lastId + 1 });
    case 'show_rows':
      return put({}, { visible: [...state.visible, ...writer.ids].toSorted((one, other) => one - other) });
    case 'forget_rows':
      return put({ ids: [] });
    case 'unlock':
      return put({ lock: null });
  }
}

function readerStep(state: LogState, reader: Reader, step: ReaderStep): LogState {
  const looked: Reader = {
    ...reader,
    ...(step === 'read_last_id' ? { lastId: state.lastId } : {}),
    ...(step === 'read_locks' ? { belowWriters: Math.min(...state.writers.map(({ lock }) => lock ?? Infinity)) } : {}),
    ...(step === 'read_rows' ? { rows: state.visible } : {}),
  };
  const isTurnOver = reader.steps.length % 3 === 0;
  if (!isTurnOver) return { ...state, reader: looked };
  return {
    ...state,
    reader: { ...looked, lastId: 0, belowWriters: 0, rows: [] },
    passedOn: [...state.passedOn, ...readable(looked, state.passedOn.at(-1) ?? 0)],
  };
}

function readable({ rows, lastId, belowWriters }: Reader, after: number): number[] {
  const horizon = Math.min(lastId, belowWriters);
  return rows.filter((id) => id > after && id <= horizon);
}

function isOutOfOrder(ids: readonly number[]): boolean {
  return ids.some((id, index) => id <= (ids[index - 1] ?? 0));
}

/** When everybody has ended, one more read gives whatever is missing, unless the reader has already gone past it. */
function isIncomplete(state: LogState): boolean {
  const after = state.passedOn.at(-1) ?? 0;
  return state.visible.some((id) => id <= after && !state.passedOn.includes(id));
}

function choices(length: number): boolean[][] {
  if (length === 0) return [[]];
  return choices(length - 1).flatMap((rest) => [
    [true, ...rest],
    [false, ...rest],
  ]);
}
