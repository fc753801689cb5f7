import type { BusChannel } from './notify-channel.ts';

/** A connection that was cut silently gives no sign by itself: it is asked, and left when it does not answer. */
export interface Heartbeat {
  intervalMs: number;
  timeoutMs: number;
}

/** What a store must do; subscriptions are counted above it. */
export interface BusTransport extends AsyncDisposable {
  publish(channel: BusChannel, payload: string): Promise<void>;
  /** Resolves when the channel is heard. */
  listen(channel: BusChannel): Promise<void>;
  unlisten(channel: BusChannel): Promise<void>;
}

/** Where a transport brings what it hears. */
export interface Deliver {
  message(channel: BusChannel, payload: string): void;
  gap(): void;
}
