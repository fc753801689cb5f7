/**
 * How a site behaves for a while. All but `half-listing` concern requests that make a post; `isDone` says whether the post is made all
 * the same.
 */
export type WhimKind =
  /** Takes the request, answers 202, and carries it out later. */
  | 'accepts-late'
  | 'answers-202'
  | 'answers-204'
  | 'answers-408'
  | 'redirects'
  /** The answer comes a few bytes at a time. */
  | 'drips'
  /** 200 with an error in it. */
  | 'error-in-200'
  /** Asked for a list, it answers 200 with an error in it. */
  | 'error-in-listing'
  /** Changes the text in a way that nobody expects of it. */
  | 'rewrites'
  /** Leaves half of an account's posts out of lists. */
  | 'half-listing';

export interface Whim {
  readonly kind: WhimKind;
  /** How many requests it meets. */
  readonly times: number;
  readonly isDone: boolean;
  /** Of `accepts-late`: until the post is made; of `drips`: between two pieces. */
  readonly delayMs: number;
}

export interface Whims {
  /** Resolves nothing by itself: whoever began it ends it. */
  begin(whim: Whim): { end(): void };
  /** The whim that meets this request, used up by one. */
  strike(kinds: readonly WhimKind[]): Whim | null;
  holds(kind: WhimKind): boolean;
  clear(): void;
}

export const whimsOfCreation = [
  'accepts-late',
  'answers-202',
  'answers-204',
  'answers-408',
  'redirects',
  'drips',
  'error-in-200',
  'rewrites',
] as const satisfies readonly WhimKind[];

export function createWhims(): Whims {
  const open = new Set<{ whim: Whim; left: number }>();
  return {
    begin(whim) {
      const entry = { whim, left: whim.times };
      open.add(entry);
      return { end: () => void open.delete(entry) };
    },
    strike(kinds) {
      for (const entry of open) {
        if (entry.left <= 0 || !kinds.includes(entry.whim.kind)) continue;
        entry.left -= 1;
        return entry.whim;
      }
      return null;
    },
    holds: (kind) => [...open].some(({ whim, left }) => whim.kind === kind && left > 0),
    clear: () => open.clear(),
  };
}
