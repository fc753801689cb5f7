import type { Clock } from '@vibetribe/resilience/clock';

/** How many messages a client may send: so many at once, and so many more each second. */
export interface MessageBudget {
  /** False when the budget is used up. */
  spend(): boolean;
}

const burstMax = 60;
const perSecond = 20;

export function createMessageBudget(clock: Pick<Clock, 'monotonicMs'>): MessageBudget {
  let left = burstMax;
  let countedAtMs = clock.monotonicMs();
  return {
    spend() {
      const nowMs = clock.monotonicMs();
      left = Math.min(burstMax, left + ((nowMs - countedAtMs) / 1000) * perSecond);
      countedAtMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
