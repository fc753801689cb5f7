import type { ServerMessage } from '@vibetribe/contracts/live-message';
import { expect } from 'vitest';
import type { PresenceChange, PresenceMessage } from './presence-message.ts';
import { createPresenceRegistry, type PresenceRegistry } from './presence-registry.ts';
import { postRoom, presenceRoom } from './rooms.ts';

interface TestReplica {
  readonly id: string;
  readonly registry: PresenceRegistry;
  /** What each of its sockets believes: who is there, who types. */
  readonly beliefs: Map<string, { rooms: Set<string>; present: Set<string>; typing: Set<string> }>;
  /** Sends what has been gathered. */
  flush(): void;
  pulse(): void;
  bye(): void;
  frames: number;
}

/** Replicas of one organization on a bus that loses what it is told to lose. */
export function createCluster({ circleMax = 100 }: { circleMax?: number } = {}) {
  let nowMs = 0;
  let isLossy = false;
  const replicas = new Set<TestReplica>();
  const clock = { monotonicMs: () => nowMs };

  const publish = (from: TestReplica, message: PresenceMessage) => {
    if (isLossy) return;
    for (const other of replicas) if (other !== from) deliver(other, structuredClone(message));
  };

  const deliver = (replica: TestReplica, message: PresenceMessage) => {
    if (message.kind === 'ask' && (message.of === null || message.of === replica.id)) sendList(replica);
    replica.registry.receive(message);
  };

  const sequences = new Map<TestReplica, number>();
  const sendList = (replica: TestReplica) => {
    replica.flush();
    const members = replica.registry.list();
    const half = Math.ceil(members.length / 2);
    const sequence = sequences.get(replica) ?? 0;
    for (const [part, some] of [members.slice(0, half), members.slice(half)].entries())
      publish(replica, { kind: 'list', from: replica.id, sequence, part, parts: 2, members: some });
  };

  const start = (id: string): TestReplica => {
    const beliefs: TestReplica['beliefs'] = new Map();
    let changes: PresenceChange[] = [];
    const believe = (connectionId: string, message: ServerMessage) => {
      const belief = beliefs.get(connectionId);
      if (belief === undefined) return;
      replica.frames += 1;
      if (message.type === 'user-connected') belief.present.add(message.data.connectionId);
      if (message.type === 'user-disconnected') belief.present.delete(message.data.connectionId);
      if (message.type === 'user-typing') belief.typing.add(message.data.connectionId);
      if (message.type === 'user-stopped-typing') belief.typing.delete(message.data.connectionId);
    };
    const registry = createPresenceRegistry({
      replicaId: id,
      circleMax,
      clock,
      effects: {
        admit: (connectionId) => beliefs.get(connectionId)?.rooms.add(presenceRoom),
        tellOne: believe,
        tellRoom(_organizationId, room, aboutId, message) {
          for (const [connectionId, { rooms }] of beliefs)
            if (rooms.has(room) && connectionId !== aboutId) believe(connectionId, message);
        },
        change: (change) => changes.push(change),
        publish: (message) => publish(replica, message),
      },
    });
    const replica: TestReplica = {
      id,
      registry,
      beliefs,
      frames: 0,
      flush() {
        if (changes.length === 0) return;
        const sequence = (sequences.get(replica) ?? 0) + 1;
        sequences.set(replica, sequence);
        const sent = changes;
        changes = [];
        publish(replica, { kind: 'changes', from: id, sequence, changes: sent });
      },
      pulse() {
        replica.flush();
        publish(replica, { kind: 'pulse', from: id, sequence: sequences.get(replica) ?? 0 });
      },
      bye: () => publish(replica, { kind: 'bye', from: id }),
    };
    replicas.add(replica);
    registry.askAll();
    return replica;
  };

  const join = (replica: TestReplica, connectionId: string, userId: string | null = 'usr') => {
    replica.beliefs.set(connectionId, { rooms: new Set([postRoom('p')]), present: new Set(), typing: new Set() });
    replica.registry.join({ organizationId: 'org', connectionId, userId });
  };
  const leave = (replica: TestReplica, connectionId: string) => {
    replica.registry.leave(connectionId);
    replica.beliefs.delete(connectionId);
  };

  return {
    start,
    join,
    leave,
    replicas,
    lose: (loses: boolean) => void (isLossy = loses),
    crash: (replica: TestReplica) => void replicas.delete(replica),
    /** Time passes, in which everybody pulses and expires as it does. */
    pass(seconds: number) {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1_000;
        for (const replica of replicas) {
          replica.flush();
          if (second % 10 === 9) replica.pulse();
          replica.registry.expire();
        }
      }
    },
    sockets: () => [...replicas].flatMap((replica) => [...replica.beliefs.keys()]),
  };
}

export type Cluster = ReturnType<typeof createCluster>;

export function expectTruth(cluster: Cluster): void {
  const everybody = cluster.sockets();
  for (const { beliefs } of cluster.replicas)
    for (const [connectionId, { present }] of beliefs)
      expect([connectionId, [...present].toSorted()]).toEqual([
        connectionId,
        everybody.filter((other) => other !== connectionId).toSorted(),
      ]);
}
