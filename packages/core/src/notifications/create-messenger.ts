import { claimMessages, type DueMessage } from './claim-messages.ts';
import { type MessageDependencies, type MessageSettings, sendMessage } from './send-messages.ts';

/** Sends the messages that are due, several at a time. */
export interface Messenger {
  /** Begins to send as many as there are places for. @returns how many those were */
  begin(): Promise<number>;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

/** At once in this process: of all, of one organization over one channel, to one server. A webhook that hangs takes no more than its share. */
const totalMax = 40;
const perOrganizationMax = 6;
const perServerMax = 12;

/** @param onEnd told whenever one has ended */
export function createMessenger(
  deps: MessageDependencies,
  settings: MessageSettings,
  onEnd: () => void = () => undefined,
): Messenger {
  const running = new Map<DueMessage, Promise<void>>();

  const send = async (message: DueMessage) => {
    try {
      await sendMessage(deps, settings, message);
    } catch (error) {
      deps.logger.warn({ err: error, messageId: message.id }, 'a message could not be sent; it will be');
    }
    running.delete(message);
    onEnd();
  };

  return {
    async begin() {
      // Half of what is free at a time, so that a place is left for whoever comes next.
      const limit = Math.ceil((totalMax - running.size) / 2);
      if (limit <= 0) return 0;
      const claimed = await claimMessages(deps, { limit, perOrganizationMax, perServerMax }, running.keys());
      for (const message of claimed) running.set(message, send(message));
      return claimed.length;
    },
    async idle() {
      await Promise.all(running.values());
    },
  };
}
