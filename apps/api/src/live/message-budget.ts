import type { Clock } from '@vibetribe/resilience/clock';

/** What may be sent: so much at once, and so much more each second. */
export interface MessageAllowance {
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

export interface MessageBudget {
  /** False when the message is more than is left; then nothing is used up. */
  spend(bytes: number): boolean;
}

export const socketAllowance: MessageAllowance = {
  messages: 60,
  messagesPerSecond: 20,
  bytes: 128 * 1024,
  bytesPerSecond: 16 * 1024,
};

/** Of all an organization's sockets in this process together. */
export const organizationAllowance: MessageAllowance = {
  messages: 5_000,
  messagesPerSecond: 500,
  bytes: 4 * 1024 * 1024,
  bytesPerSecond: 512 * 1024,
};

export function createMessageBudget(clock: Pick<Clock, 'monotonicMs'>, allowance: MessageAllowance): MessageBudget {
  let { messages, bytes } = allowance;
  let countedAtMs = clock.monotonicMs();
  return {
    spend(size) {
      const nowMs = clock.monotonicMs();
      const seconds = (nowMs - countedAtMs) / 1000;
      messages = Math.min(allowance.messages, messages + seconds * allowance.messagesPerSecond);
      bytes = Math.min(allowance.bytes, bytes + seconds * allowance.bytesPerSecond);
      countedAtMs = nowMs;
      if (messages < 1 || bytes < size) return false;
      messages -= 1;
      bytes -= size;
      return true;
    },
  };
}
