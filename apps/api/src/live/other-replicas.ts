import type { Clock } from '@vibetribe/resilience/clock';
import type { Member, PresenceChange, PresenceMessage } from './presence-message.ts';

/** What this replica has heard from the others, and whether it has heard all of it. */
export interface OtherReplicas {
  receive(message: PresenceMessage): void;
  /** Those that have not been heard of for long are gone, and so is everybody on them. */
  expire(): void;
}

interface Replica {
  /** Of the last changes that were taken in; null before the first. */
  sequence: number | null;
  heardAtMs: number;
  askedAtMs: number;
  /** Something was missed: its list will say how it is. */
  isStale: boolean;
  /** Parts of a list, as they come in. */
  parts: { readonly sequence: number; readonly members: Map<number, readonly Member[]> } | null;
}

export const silenceMs = 25_000;
const askedEveryMs = 2_000;

export function createOtherReplicas({
  clock,
  ask,
  apply,
  membersOf,
}: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly ask: (replicaId: string) => void;
  readonly apply: (change: PresenceChange, from: string) => void;
  /** As far as they are known here. */
  readonly membersOf: (replicaId: string) => readonly Member[];
}): OtherReplicas {
  const replicas = new Map<string, Replica>();

  const hear = (from: string): Replica => {
    const replica = replicas.get(from) ?? {
      sequence: null,
      heardAtMs: 0,
      askedAtMs: -Infinity,
      isStale: true,
      parts: null,
    };
    replica.heardAtMs = clock.monotonicMs();
    replicas.set(from, replica);
    return replica;
  };

  const askFor = (from: string, replica: Replica) => {
    replica.isStale = true;
    if (clock.monotonicMs() - replica.askedAtMs < askedEveryMs) return;
    replica.askedAtMs = clock.monotonicMs();
    ask(from);
  };

  const drop = (from: string) => {
    replicas.delete(from);
    for (const member of membersOf(from)) apply({ what: 'left', member }, from);
  };

  const takeList = (from: string, replica: Replica, message: Extract<PresenceMessage, { kind: 'list' }>) => {
    if (replica.parts?.sequence !== message.sequence || message.part === 0)
      replica.parts = { sequence: message.sequence, members: new Map() };
    replica.parts.members.set(message.part, message.members);
    if (replica.parts.members.size < message.parts) return;
    const listed = new Map([...replica.parts.members.values()].flat().map((member) => [member.connectionId, member]));
    for (const member of membersOf(from)) if (!listed.has(member.connectionId)) apply({ what: 'left', member }, from);
    for (const member of listed.values()) apply({ what: 'came', member }, from);
    Object.assign(replica, { sequence: message.sequence, isStale: false, parts: null });
  };

  return {
    receive(message) {
      const { from } = message;
      if (message.kind === 'bye') return drop(from);
      const replica = hear(from);
      switch (message.kind) {
        case 'changes':
          for (const change of message.changes) apply(change, from);
          if (message.sequence !== (replica.sequence ?? 0) + 1) askFor(from, replica);
          else if (replica.sequence === null) replica.isStale = false;
          replica.sequence = message.sequence;
          break;
        case 'pulse':
          if (replica.isStale || replica.sequence !== message.sequence) askFor(from, replica);
          break;
        case 'list':
          takeList(from, replica, message);
          break;
        case 'ask':
          break;
      }
    },
    expire() {
      for (const [from, { heardAtMs }] of replicas) if (clock.monotonicMs() - heardAtMs > silenceMs) drop(from);
    },
  };
}
