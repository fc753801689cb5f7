import type { Clock } from '@vibetribe/resilience/clock';
import type { Member } from './presence-message.ts';

/** Who types where, until they stop, go, or say nothing for a while. */
export interface Typists {
  /** True when the others are to be told: it is new, or was told some seconds ago. */
  start(member: Member, room: string): boolean;
  /** False for somebody who was not typing there. */
  stop(connectionId: string, room: string): boolean;
  /** Ends all of a connection's typing, and answers in which rooms it was. */
  leave(connectionId: string): string[];
  /** Those who have said nothing for long. They count as stopped from now on. */
  takeExpired(): { readonly member: Member; readonly room: string }[];
}

const expiresMs = 10_000;
const toldEveryMs = 3_000;
const perConnectionMax = 10;

export function createTypists(clock: Pick<Clock, 'monotonicMs'>): Typists {
  const connections = new Map<string, Map<string, { member: Member; untilMs: number; toldAtMs: number }>>();

  const end = (connectionId: string, room: string): boolean => {
    const rooms = connections.get(connectionId);
    const wasTyping = rooms?.delete(room) ?? false;
    if (rooms?.size === 0) connections.delete(connectionId);
    return wasTyping;
  };

  return {
    start(member, room) {
      const nowMs = clock.monotonicMs();
      const rooms = connections.get(member.connectionId) ?? new Map();
      const known = rooms.get(room);
      if (known === undefined && rooms.size >= perConnectionMax) return false;
      const isTold = known === undefined || nowMs - known.toldAtMs >= toldEveryMs;
      connections.set(
        member.connectionId,
        rooms.set(room, { member, untilMs: nowMs + expiresMs, toldAtMs: isTold ? nowMs : known.toldAtMs }),
      );
      return isTold;
    },
    stop: end,
    leave(connectionId) {
      const rooms = [...(connections.get(connectionId)?.keys() ?? [])];
      connections.delete(connectionId);
      return rooms;
    },
    takeExpired() {
      const nowMs = clock.monotonicMs();
      const expired = [...connections.values()].flatMap((rooms) =>
        [...rooms].flatMap(([room, { member, untilMs }]) => (untilMs <= nowMs ? [{ member, room }] : [])),
      );
      for (const { member, room } of expired) end(member.connectionId, room);
      return expired;
    },
  };
}
