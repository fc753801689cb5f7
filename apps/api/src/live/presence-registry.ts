import type { ServerMessage } from '@vibetribe/contracts/live-message';
import type { Clock } from '@vibetribe/resilience/clock';
import { createOtherReplicas } from './other-replicas.ts';
import type { Member, PresenceChange, PresenceMessage } from './presence-message.ts';
import { createPresentMembers } from './present-members.ts';
import { postOfRoom, presenceRoom } from './rooms.ts';
import { createTypists } from './typists.ts';

/** A socket of this replica. A key's socket hears who is there, and is nobody. */
export interface PresenceSocket {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly userId: string | null;
}

export interface PresenceEffects {
  /** From now on the socket is told of the others in its organization. */
  admit(connectionId: string): void;
  tellOne(connectionId: string, message: ServerMessage): void;
  tellRoom(organizationId: string, room: string, aboutId: string, message: ServerMessage): void;
  /** To the other replicas, some time soon. */
  change(change: PresenceChange): void;
  /** To the other replicas, at once. */
  publish(message: PresenceMessage): void;
}

/**
 * Who is there and who types, as this replica knows it from its own sockets and from what the others say.
 * An organization tells it to `circleMax` sockets at most, all replicas together: whoever comes later is in no one's list, and gets none, until a
 * place is free.
 */
export interface PresenceRegistry {
  join(socket: PresenceSocket): void;
  leave(connectionId: string): void;
  type(connectionId: string, typing: { readonly room: string; readonly isTyping: boolean }): void;
  receive(message: PresenceMessage): void;
  /** What the other replicas are to know of this one. */
  list(): Member[];
  /** Messages of others may have been missed. */
  askAll(): void;
  /** Forgets replicas that have not been heard of, and typists who say nothing. To be called every second or so. */
  expire(): void;
}

export function createPresenceRegistry({
  replicaId,
  circleMax,
  clock,
  effects,
}: {
  readonly replicaId: string;
  readonly circleMax: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly effects: PresenceEffects;
}): PresenceRegistry {
  const sockets = new Map<string, PresenceSocket>();
  /** By organization: sockets of this replica that are not admitted, in the order of their coming. */
  const waiting = new Map<string, Set<string>>();
  const listening = new Map<string, number>();
  const present = createPresentMembers();
  const typists = createTypists(clock);

  const tellPresence = (type: 'user-connected' | 'user-disconnected', { organizationId, ...who }: Member) =>
    effects.tellRoom(organizationId, presenceRoom, who.connectionId, { type, data: who });

  const tellTyping = (
    type: 'user-typing' | 'user-stopped-typing',
    { organizationId, ...who }: Member,
    room: string,
  ) => {
    effects.tellRoom(organizationId, room, who.connectionId, { type, data: { ...who, ...placeOf(room) } });
  };

  const stopTyping = (member: Member, room: string) => {
    if (typists.stop(member.connectionId, room)) tellTyping('user-stopped-typing', member, room);
  };

  const came = (member: Member, from: string | null) => {
    if (present.add(member, from)) tellPresence('user-connected', member);
  };

  /** Answers where the member was typing. */
  const left = (member: Member): string[] => {
    const rooms = typists.leave(member.connectionId);
    for (const room of rooms) tellTyping('user-stopped-typing', member, room);
    if (present.remove(member.connectionId, member.organizationId)) {
      tellPresence('user-disconnected', member);
      admitNext(member.organizationId);
    }
    return rooms;
  };

  const apply = (change: PresenceChange, from: string) => {
    const { member } = change;
    if (change.what === 'came') came(member, from);
    else if (change.what === 'left') left(member);
    else if (change.what === 'stopped') stopTyping(member, change.room);
    else if (typists.start(member, change.room)) tellTyping('user-typing', member, change.room);
  };

  const others = createOtherReplicas({
    clock,
    ask: (of) => effects.publish({ kind: 'ask', from: replicaId, of }),
    apply,
    membersOf: (id) => present.ofReplica(id),
  });

  const isFull = ({ organizationId, userId }: PresenceSocket) =>
    (userId === null ? (listening.get(organizationId) ?? 0) : present.count(organizationId)) >= circleMax;

  const admit = (socket: PresenceSocket) => {
    const { organizationId, connectionId, userId } = socket;
    effects.admit(connectionId);
    for (const { organizationId: _, ...who } of present.inOrganization(organizationId))
      effects.tellOne(connectionId, { type: 'user-connected', data: who });
    if (userId === null) {
      listening.set(organizationId, (listening.get(organizationId) ?? 0) + 1);
      return;
    }
    const member = { organizationId, userId, connectionId };
    came(member, null);
    effects.change({ what: 'came', member });
  };

  const admitNext = (organizationId: string) => {
    const line = waiting.get(organizationId);
    for (const connectionId of line ?? []) {
      const socket = sockets.get(connectionId);
      if (socket === undefined || isFull(socket)) continue;
      line?.delete(connectionId);
      admit(socket);
      break;
    }
    if (line?.size === 0) waiting.delete(organizationId);
  };

  const isWaiting = ({ organizationId, connectionId }: PresenceSocket) =>
    waiting.get(organizationId)?.has(connectionId) === true;

  return {
    join(socket) {
      sockets.set(socket.connectionId, socket);
      if (!isFull(socket)) admit(socket);
      else
        waiting.set(socket.organizationId, (waiting.get(socket.organizationId) ?? new Set()).add(socket.connectionId));
    },
    leave(connectionId) {
      const socket = sockets.get(connectionId);
      if (socket === undefined) return;
      const wasWaiting = isWaiting(socket);
      waiting.get(socket.organizationId)?.delete(connectionId);
      sockets.delete(connectionId);
      const { organizationId, userId } = socket;
      if (userId !== null) {
        const member = { organizationId, userId, connectionId };
        const rooms = left(member);
        if (!wasWaiting) effects.change({ what: 'left', member });
        else for (const room of rooms) effects.change({ what: 'stopped', member, room });
      } else if (!wasWaiting) {
        listening.set(organizationId, (listening.get(organizationId) ?? 1) - 1);
        if (listening.get(organizationId) === 0) listening.delete(organizationId);
        admitNext(organizationId);
      }
    },
    type(connectionId, { room, isTyping }) {
      const socket = sockets.get(connectionId);
      if (socket === undefined || socket.userId === null) return;
      const member = { ...socket, userId: socket.userId };
      if (isTyping && typists.start(member, room)) {
        tellTyping('user-typing', member, room);
        effects.change({ what: 'typing', member, room });
      } else if (!isTyping && typists.stop(connectionId, room)) {
        tellTyping('user-stopped-typing', member, room);
        effects.change({ what: 'stopped', member, room });
      }
    },
    receive(message) {
      if (message.from !== replicaId) others.receive(message);
    },
    list: () => present.ofReplica(null),
    askAll: () => effects.publish({ kind: 'ask', from: replicaId, of: null }),
    expire() {
      others.expire();
      for (const { member, room } of typists.takeExpired()) tellTyping('user-stopped-typing', member, room);
    },
  };
}

/** A room under the name clients know it by. */
function placeOf(room: string): { postId: string } | { room: string } {
  const postId = postOfRoom(room);
  return postId === null ? { room } : { postId };
}
