/** The longest wait one timer can hold; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** Waits `delayMs`, of any length. Rejects with the signal's reason as soon as it aborts. */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let leftMs = Math.max(0, delayMs);
  do {
    const turnMs = Math.min(leftMs, timerMsMax);
    await timerOrAbort(turnMs, signal);
    signal?.throwIfAborted();
    leftMs -= turnMs;
  } while (leftMs > 0);
}

function timerOrAbort(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal?.addEventListener('abort', end, { once: true });
  });
}
