import type { QueueLogger } from './queue-connection.ts';

/** Tells at `debug` of a call to the queue's store: which, how long it took, and whether it failed. */
export async function logged<Value>(
  logger: Pick<QueueLogger, 'debug'>,
  call: { readonly call: string } & Readonly<Record<string, string | number>>,
  work: () => Promise<Value>,
): Promise<Value> {
  const startedAtMs = performance.now();
  const tell = (failed: boolean) =>
    logger.debug({ ...call, failed, durationMs: performance.now() - startedAtMs }, 'queue call');
  try {
    const value = await work();
    tell(false);
    return value;
  } catch (error) {
    tell(true);
    throw error;
  }
}
