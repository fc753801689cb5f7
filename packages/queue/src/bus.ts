import type { Heartbeat } from './bus-transport.ts';
import type { BusChannel } from './notify-channel.ts';
import { createPostgresBus } from './postgres-bus.ts';
import type { QueueConnection } from './queue-connection.ts';
import { createRedisBus } from './redis-bus.ts';
import { DeadlineExceededError } from '@vibetribe/resilience/deadline';
import { callStore } from './call-store.ts';
import { describeStoreError, QueueStoreError } from './store-error.ts';

export interface Subscriber {
  /** Must not throw. */
  onMessage: (payload: string) => void;
  /** Messages may have been lost: read what you would have been told. Must not throw. */
  onGap: () => void;
}

/** Messages to every process that listens now; nothing is kept for those that do not. */
export interface Bus extends AsyncDisposable {
  /**
   * @param payload at most 4,096 bytes of UTF-8
   * @throws QueueStoreError when the store is away, RangeError when the payload is too long
   */
  publish(channel: BusChannel, payload: string): Promise<void>;
  /**
   * Resolves when messages arrive from now on. Where the store is away it resolves all the same: what is told before it is back is a gap.
   * Disposing ends it.
   * @throws QueueStoreError when the store refuses
   */
  subscribe(
    channel: BusChannel,
    onMessage: Subscriber['onMessage'],
    onGap?: Subscriber['onGap'],
  ): Promise<AsyncDisposable>;
}

const defaultHeartbeat: Heartbeat = { intervalMs: 15_000, timeoutMs: 5000 };
const payloadBytesMax = 4096;
const publishTimeoutMs = 3000;
const subscribeTimeoutMs = 15_000;

/** Opens the bus on the connection's store, with a connection of its own for listening from the first subscription on. */
export function createBus(connection: QueueConnection, heartbeat: Heartbeat = defaultHeartbeat): Bus {
  const subscribers = new Map<BusChannel, Set<Subscriber>>();
  const deliver = {
    message: (channel: BusChannel, payload: string) =>
      subscribers.get(channel)?.forEach(({ onMessage }) => onMessage(payload)),
    gap: () => subscribers.forEach((set) => set.forEach(({ onGap }) => onGap())),
  };
  const { store, logger, prefix } = connection;
  const transport =
    store.kind === 'redis'
      ? createRedisBus({ redis: store.redis, prefix, deliver, logger, heartbeat })
      : createPostgresBus({ pool: store.pool, deliver, logger, heartbeat });

  return {
    async publish(channel, payload) {
      if (Buffer.byteLength(payload) > payloadBytesMax)
        throw new RangeError(`a bus payload has at most ${payloadBytesMax} bytes`);
      await callStore(publishTimeoutMs, `publishing on ${channel}`, transport.publish(channel, payload));
    },
    async subscribe(channel, onMessage, onGap = () => undefined) {
      const subscriber = { onMessage, onGap };
      const set = subscribers.get(channel) ?? new Set();
      subscribers.set(channel, set.add(subscriber));
      const leave = async (): Promise<void> => {
        set.delete(subscriber);
        if (set.size === 0) await transport.unlisten(channel);
      };
      let isLate = false;
      const heard = transport.listen(channel).then(() => {
        if (isLate && set.has(subscriber)) onGap();
      });
      try {
        const isAway = store.kind === 'redis' && store.redis.status !== 'ready';
        if (!isAway) await callStore(subscribeTimeoutMs, `subscribing to ${channel}`, heard);
        else isLate = true;
      } catch (error) {
        if (!(error instanceof QueueStoreError && error.cause instanceof DeadlineExceededError)) {
          await leave();
          throw error;
        }
        isLate = true;
      }
      if (isLate) heard.catch((error: unknown) => logger.error(describeStoreError(error), `${channel} is not heard`));
      return { [Symbol.asyncDispose]: leave };
    },
    async [Symbol.asyncDispose]() {
      subscribers.clear();
      await transport[Symbol.asyncDispose]();
    },
  };
}
