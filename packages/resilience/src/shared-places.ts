/** One of the parties that a place is counted for. */
export interface Share {
  readonly key: string;
  /** How many places the key may hold while so many of all are free. */
  readonly max: (free: number) => number;
}

/** How long somebody waits. */
export interface Patience {
  /** As long as a place that it could have had came free within this, it waits on. */
  readonly ms: number;
  /** Asked when that time has passed: false, and it waits as long again. */
  readonly isOver: () => boolean;
}

export interface SharedPlaces {
  /** A place once every one of its shares has room; dispose it to give it back. Null where the patience was over first. */
  take(shares: readonly Share[], patience?: Patience): Promise<Disposable | null>;
}

interface Waiter {
  give(place: Disposable | null): void;
}

/** Those who wait for the same shares, first come, first served. */
interface Line {
  readonly shares: readonly Share[];
  readonly waiters: Waiter[];
  /** When a place was last given back that counted for one of its shares. */
  freedAtMs: number;
}

/**
 * Places of this process for work of many parties, `totalMax` at a time. Next is the line whose first share holds the fewest places, and
 * within a line who came first.
 */
export function createSharedPlaces({ totalMax }: { readonly totalMax: number }): SharedPlaces {
  if (!Number.isInteger(totalMax) || totalMax < 1)
    throw new RangeError('a number of places must be a whole number of 1 or more');
  /** In the order of their turns. */
  const lines = new Map<string, Line>();
  const held = new Map<string, number>();
  let total = 0;

  const heldBy = ({ key }: Share) => held.get(key) ?? 0;

  function hasRoom(shares: readonly Share[]): boolean {
    const free = totalMax - total;
    return free > 0 && shares.every((share) => heldBy(share) < share.max(free));
  }

  /** Of the lines that may go on, the one whose first share holds the fewest; among equals the one that has waited longest for its turn. */
  function nextTurn(): [string, Line] | null {
    let best: { turn: [string, Line]; own: number } | null = null;
    for (const [id, line] of lines) {
      const own = line.shares[0] === undefined ? 0 : heldBy(line.shares[0]);
      if ((best === null || own < best.own) && hasRoom(line.shares)) best = { turn: [id, line], own };
    }
    return best?.turn ?? null;
  }

  function serve(): void {
    for (let next = nextTurn(); next !== null; next = nextTurn()) {
      const [id, line] = next;
      const waiter = line.waiters.shift();
      // Its turn is over: it stands behind all others that wait.
      lines.delete(id);
      if (line.waiters.length > 0) lines.set(id, line);
      waiter?.give(enter(line.shares));
    }
  }

  function enter(shares: readonly Share[]): Disposable {
    total += 1;
    for (const share of shares) held.set(share.key, heldBy(share) + 1);
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        leave(shares);
      },
    };
  }

  function leave(shares: readonly Share[]): void {
    total -= 1;
    for (const share of shares) {
      const left = heldBy(share) - 1;
      if (left === 0) held.delete(share.key);
      else held.set(share.key, left);
    }
    const keys = new Set(shares.map(({ key }) => key));
    for (const line of lines.values())
      if (line.shares.some(({ key }) => keys.has(key))) line.freedAtMs = performance.now();
    serve();
  }

  function giveUp(id: string, line: Line, waiter: Waiter): void {
    line.waiters.splice(line.waiters.indexOf(waiter), 1);
    if (line.waiters.length === 0) lines.delete(id);
    waiter.give(null);
  }

  return {
    take(shares, patience) {
      return new Promise((resolve) => {
        const id = shares.map(({ key }) => key).join('\n');
        const line = lines.get(id) ?? { shares, waiters: [], freedAtMs: 0 };
        let timer: NodeJS.Timeout | undefined;
        const waiter: Waiter = {
          give(place) {
            clearTimeout(timer);
            resolve(place);
          },
        };
        line.waiters.push(waiter);
        lines.set(id, line);
        serve();
        if (patience === undefined || !line.waiters.includes(waiter)) return;
        const look = () => {
          const waitedMs = performance.now() - line.freedAtMs;
          if (waitedMs >= patience.ms && patience.isOver()) giveUp(id, line, waiter);
          else timer = setTimeout(look, Math.max(1, Math.min(patience.ms, patience.ms - waitedMs)));
        };
        timer = setTimeout(look, patience.ms);
      });
    },
  };
}
