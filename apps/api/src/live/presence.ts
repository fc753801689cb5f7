import type { Logger } from '@vibetribe/observability/logger';
import type { Bus } from '@vibetribe/queue/bus';
import type { Clock } from '@vibetribe/resilience/clock';
import { startLoop } from '@vibetribe/resilience/loop';
import { parsePresence, type Member, type PresenceChange, type PresenceMessage } from './presence-message.ts';
import { createPresenceRegistry, type PresenceEffects, type PresenceRegistry } from './presence-registry.ts';

/** People whom an organization's sockets are told of, all replicas together; beyond it a room is too large for presence. */
const circleMax = 200;
/** How long changes are gathered before they go out together. */
const gatherMs = 50;
const pulseMs = 10_000;
const expireMs = 1_000;
/** Below what the bus carries, with room for the frame around the parts. */
const partBytesMax = 3_600;

/** The registry, connected with the other replicas over the bus. Disposing tells them that everybody here is gone. */
export async function startPresence({
  replicaId,
  bus,
  clock,
  logger,
  effects,
}: {
  readonly replicaId: string;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly effects: Pick<PresenceEffects, 'admit' | 'tellOne' | 'tellRoom'>;
}): Promise<PresenceRegistry & AsyncDisposable> {
  let changes: PresenceChange[] = [];
  let isListWanted = false;
  let sequence = 0;
  let gathering: NodeJS.Timeout | null = null;
  let sending: Promise<void> = Promise.resolve();
  let isClosed = false;

  /** One after the other: their order is what tells that none is missing. */
  const publish = (message: PresenceMessage) => {
    sending = sending
      .then(() => bus.publish('live', JSON.stringify(message)))
      .catch((error: unknown) => logger.warn({ err: error }, 'the other replicas could not be told who is there'));
  };

  const sendChanges = () => {
    for (const part of inParts(changes))
      publish({ kind: 'changes', from: replicaId, sequence: (sequence += 1), changes: part });
    changes = [];
  };

  const sendList = () => {
    const parts = inParts<Member>(registry.list());
    if (parts.length === 0) parts.push([]);
    for (const [part, members] of parts.entries())
      publish({ kind: 'list', from: replicaId, sequence, part, parts: parts.length, members });
  };

  const gather = () => {
    gathering ??= setTimeout(() => {
      gathering = null;
      sendChanges();
      if (isListWanted) sendList();
      isListWanted = false;
    }, gatherMs);
  };

  const registry = createPresenceRegistry({
    replicaId,
    circleMax,
    clock,
    effects: {
      ...effects,
      publish,
      change(change) {
        changes.push(change);
        if (!isClosed) gather();
      },
    },
  });

  const hear = (payload: string) => {
    const message = parsePresence(payload);
    if (message === null || message.from === replicaId) return;
    if (message.kind === 'ask' && (message.of === null || message.of === replicaId)) {
      isListWanted = true;
      gather();
    }
    registry.receive(message);
  };

  await using starting = new AsyncDisposableStack();
  starting.defer(async () => {
    isClosed = true;
    if (gathering !== null) clearTimeout(gathering);
    publish({ kind: 'bye', from: replicaId });
    await sending;
  });
  starting.use(await bus.subscribe('live', hear, () => registry.askAll()));
  registry.askAll();
  const onError = (error: unknown) => logger.warn({ err: error }, 'presence failed; it goes on');
  const every = (name: string, intervalMs: number, act: () => void) =>
    starting.use(startLoop({ name, intervalMs, runOnce: async () => act(), onError }));
  every('presence pulse', pulseMs, () => {
    sendChanges();
    publish({ kind: 'pulse', from: replicaId, sequence });
  });
  every('presence expiry', expireMs, () => registry.expire());
  const running = starting.move();
  return { ...registry, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function inParts<Item>(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    bytes += size;
    if (bytes > partBytesMax) {
      parts.push([]);
      bytes = size;
    }
    parts.at(-1)?.push(item);
  }
  return parts;
}
