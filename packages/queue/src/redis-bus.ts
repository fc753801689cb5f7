import { startLoop, type Loop } from '@vibetribe/resilience/loop';
import type { Redis } from 'ioredis';
import type { BusTransport, Deliver, Heartbeat } from './bus-transport.ts';
import { whenReady } from './connect-redis.ts';
import type { BusChannel } from './notify-channel.ts';
import type { QueueLogger } from './queue-connection.ts';
import { describeStoreError } from './store-error.ts';
import { callStore } from './call-store.ts';

const readyTimeoutMs = 3000;

/** Redis pub/sub. A subscriber's connection can do nothing else, so it is one of its own. */
export function createRedisBus(options: {
  redis: Redis;
  prefix: string;
  deliver: Deliver;
  logger: QueueLogger;
  heartbeat: Heartbeat;
}): BusTransport {
  const { redis, deliver, logger, heartbeat } = options;
  const nameOf = (channel: BusChannel): string => `${options.prefix}:bus:${channel}`;
  const listened = new Map<string, BusChannel>();
  let subscriber: Redis | null = null;
  let pulse: Loop | null = null;

  const open = (): Redis => {
    const client = redis.duplicate();
    let wasReady = false;
    client.on('error', (error) => {
      if (wasReady) logger.warn(describeStoreError(error), 'the bus lost its connection to Redis');
    });
    client.on('message', (name, payload) => {
      const channel = listened.get(name);
      if (channel !== undefined) deliver.message(channel, payload);
    });
    client.on('ready', () => {
      const isReturn = wasReady;
      wasReady = true;
      if (isReturn) void resubscribe(client);
    });
    return client;
  };

  const watch = (client: Redis): Loop =>
    startLoop({
      name: 'bus heartbeat',
      intervalMs: heartbeat.intervalMs,
      onError(error) {
        logger.warn(describeStoreError(error), 'the bus is not answered by Redis and connects anew');
        client.disconnect(true);
      },
      async runOnce(signal) {
        if (client.status !== 'ready' || signal.aborted) return;
        await callStore(heartbeat.timeoutMs, "the bus's heartbeat", client.ping());
      },
    });

  const resubscribe = async (client: Redis): Promise<void> => {
    try {
      if (listened.size > 0) await client.subscribe(...listened.keys());
      deliver.gap();
    } catch (error) {
      // The connection broke again; its next return tries anew.
      logger.warn(describeStoreError(error), 'the bus could not subscribe again');
    }
  };

  return {
    async publish(channel, payload) {
      await whenReady(redis, readyTimeoutMs);
      await redis.publish(nameOf(channel), payload);
    },
    async listen(channel) {
      if (listened.has(nameOf(channel))) return;
      listened.set(nameOf(channel), channel);
      subscriber ??= open();
      pulse ??= watch(subscriber);
      await subscriber.subscribe(nameOf(channel));
    },
    async unlisten(channel) {
      if (!listened.delete(nameOf(channel)) || subscriber === null) return;
      if (subscriber.status === 'ready') await subscriber.unsubscribe(nameOf(channel));
    },
    async [Symbol.asyncDispose]() {
      subscriber?.disconnect();
      await pulse?.[Symbol.asyncDispose]();
    },
  };
}
