export interface Loop extends AsyncDisposable {
  /** Runs a turn at once; during a turn, one more right after it. Any number of calls before that turn starts make one turn. */
  wake(): void;
}

/**
 * Runs `runOnce` at once and then `intervalMs` after the end of each turn; turns never overlap.
 * Disposing (or aborting `signal`) lets no further turn start and aborts the signal that `runOnce` was given;
 * disposal resolves when the current turn has ended.
 * @param onError told of each failed turn, the loop goes on. It must not throw.
 */
export function startLoop({
  name,
  intervalMs,
  runOnce,
  onError,
  signal,
}: {
  readonly name: string;
  readonly intervalMs: number;
  readonly runOnce: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown, name: string) => void;
  readonly signal?: AbortSignal | undefined;
}): Loop {
  const closing = new AbortController();
  const closed = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
  let woken = false;
  let endWait: (() => void) | null = null;

  const turns = async () => {
    while (!closed.aborted) {
      woken = false;
      try {
        await runOnce(closed);
      } catch (error) {
        if (!isOurAbort(error, closed)) onError(error, name);
      }
      if (!woken && !closed.aborted) await wait();
    }
  };

  const wait = () =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        closed.removeEventListener('abort', end);
        endWait = null;
        resolve();
      };
      const timer = setTimeout(end, intervalMs);
      closed.addEventListener('abort', end, { once: true });
      endWait = end;
    });

  // Not before the caller holds the loop: the first turn may want to wake it.
  const ended = Promise.resolve().then(turns);

  return {
    wake() {
      woken = true;
      endWait?.();
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error(`the loop ${name} is closing`));
      await ended;
    },
  };
}

/** A turn that stopped because it was told to has not failed. */
function isOurAbort(error: unknown, closed: AbortSignal): boolean {
  return closed.aborted && error === closed.reason;
}
