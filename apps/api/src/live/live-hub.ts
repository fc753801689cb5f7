import { randomUUID } from 'node:crypto';
import { readEventWriters } from '@vibetribe/core/events/read-event-writers';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { AuthenticatedActor, Credential } from '@vibetribe/core/identity/authenticated-actor';
import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import type { Bus } from '@vibetribe/queue/bus';
import type { Clock } from '@vibetribe/resilience/clock';
import { startLoop } from '@vibetribe/resilience/loop';
import type { RawData, WebSocket } from 'ws';
import { answerClient } from './answer-client.ts';
import { startEventFeed } from './event-feed.ts';
import { messagesOf } from './event-message.ts';
import { closeCodes, createLiveConnection, type LiveConnection } from './live-connection.ts';
import { createMessageBudget } from './message-budget.ts';
import { parsePresence, type PresenceMessage } from './presence-message.ts';
import { outgoing, replayEvents } from './replay-events.ts';

export interface LiveHub extends AsyncDisposable {
  /** The last event that this process has passed on to its sockets. */
  position(): number;
  /** How many sockets this process has. */
  sockets(): number;
  /** How long committed events have been waiting for one who began to write events before them. */
  heldUpForMs(): number;
  /**
   * Takes a socket in. A client that knows an event gets what it missed `since`; any other one what has been passed on since
   * `openedAt`, when its connection was opened: it may have been told of that before it is registered here.
   */
  open(socket: WebSocket, actor: AuthenticatedActor, start: { since: string | null; openedAt: number }): void;
  /** Closes the sockets of a credential that has ended. */
  endCredential(credential: Credential): void;
  /** Asks for every socket whether its credential is still good. */
  recheck(): Promise<void>;
  /** Closes every socket: the process is going away. */
  closeAll(): void;
}

const pingIntervalMs = 30_000;
const socketsPerOrganizationMax = 5_000;

/** All sockets of this process, fed from the event log; people's comings and goings travel over the bus. */
export async function startLiveHub({
  db,
  bus,
  authenticator,
  clock,
  logger,
}: {
  readonly db: Database;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly authenticator: Pick<Authenticator, 'recheck'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
}): Promise<LiveHub> {
  const rooms = new Map<string, Set<LiveConnection>>();
  const inOrganization = (organizationId: string) => rooms.get(organizationId) ?? new Set<LiveConnection>();
  const everyone = () => [...rooms.values()].flatMap((connections) => [...connections]);

  const deliverEvents = async (events: readonly LoggedEvent[]) => {
    const wanted = events.filter((event) => rooms.has(event.organizationId));
    if (wanted.length === 0) return;
    const messages = await db.asWorker((tx) => messagesOf(tx, wanted));
    for (const event of messages.map(outgoing)) {
      for (const connection of inOrganization(event.organizationId)) connection.deliver(event);
    }
  };

  const deliverPresence = (payload: string) => {
    const presence = parsePresence(payload);
    if (presence === null) return;
    const { type, organizationId, userId, connectionId, room } = presence;
    for (const connection of inOrganization(organizationId)) {
      if (connection.id === connectionId || (room !== undefined && !connection.rooms.has(room))) continue;
      connection.send({ type, data: { userId, connectionId, ...roomData(room) } });
    }
  };

  const tell = ({ actor, id }: LiveConnection, message: Pick<PresenceMessage, 'type' | 'room'>) => {
    if (actor.userId === null) return;
    const presence: PresenceMessage = {
      ...message,
      organizationId: actor.organizationId,
      userId: actor.userId,
      connectionId: id,
    };
    bus.publish('live', JSON.stringify(presence)).catch((error: unknown) => {
      logger.warn({ err: error }, 'a presence message could not be sent');
    });
  };

  const recheckOne = async (connection: LiveConnection) => {
    if ((await authenticator.recheck(connection.actor)) === null) connection.close(closeCodes.signedOut, 'signed out');
  };

  const recheck = async () => {
    for (const connection of everyone()) await recheckOne(connection);
  };

  const answer = async (connection: LiveConnection, data: RawData, isBinary: boolean) => {
    const text = !isBinary && Buffer.isBuffer(data) ? data.toString() : '';
    connection.send(await answerClient(db, connection, text, (typing) => tell(connection, typing)));
  };

  await using starting = new AsyncDisposableStack();
  const onError = (error: unknown) => logger.warn({ err: error }, 'the live feed failed; it goes on');
  starting.use(await bus.subscribe('live', deliverPresence));
  const onHeldUp = (heldUpForMs: number) => {
    db.asWorker(readEventWriters).then(
      (writers) =>
        logger.warn({ heldUpForMs, writers }, 'events wait for a transaction that writes events and does not end'),
      onError,
    );
  };
  const feed = starting.use(await startEventFeed({ db, bus, clock, onEvents: deliverEvents, onHeldUp, onError }));

  const hub: LiveHub = {
    position: () => feed.position(),
    sockets: () => everyone().length,
    heldUpForMs: () => feed.heldUpForMs(),
    open(socket, actor, start) {
      const connections = inOrganization(actor.organizationId);
      if (connections.size >= socketsPerOrganizationMax) {
        socket.close(closeCodes.tooMany, 'too many connections');
        return;
      }
      const connection = createLiveConnection({ id: randomUUID(), socket, actor, isReplaying: true });
      rooms.set(actor.organizationId, connections.add(connection));
      socket.on('close', () => {
        connections.delete(connection);
        if (connections.size === 0 && rooms.get(actor.organizationId) === connections)
          rooms.delete(actor.organizationId);
        tell(connection, { type: 'user-disconnected' });
      });
      const fail = (error: unknown) => {
        logger.error({ err: error }, 'a live connection failed');
        socket.close(1011, 'internal error');
      };
      const budget = createMessageBudget(clock);
      let lastAnswer = Promise.resolve();
      socket.on('message', (data, isBinary) => {
        if (!budget.spend()) {
          connection.send({ type: 'error', data: { code: 'rate_limited', message: 'Too many messages.' } });
          return;
        }
        // One after the other: leaving a room may not overtake joining it.
        lastAnswer = lastAnswer.then(() => answer(connection, data, isBinary)).catch(fail);
      });
      replayEvents(db, connection, start).catch(fail);
      tell(connection, { type: 'user-connected' });
    },
    endCredential(credential) {
      for (const connection of everyone()) {
        if (isSame(connection.actor.credential, credential)) connection.close(closeCodes.signedOut, 'signed out');
      }
    },
    recheck,
    closeAll() {
      for (const connection of everyone()) connection.close(closeCodes.goingAway, 'going away');
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };

  starting.use(
    startLoop({
      name: 'live sockets',
      intervalMs: pingIntervalMs,
      async runOnce() {
        for (const connection of everyone()) connection.ping();
        await recheck();
      },
      onError,
    }),
  );
  starting.defer(() => hub.closeAll());
  const running = starting.move();
  return hub;
}

function isSame(one: Credential, other: Credential): boolean {
  if (one.kind === 'key') return other.kind === 'key' && one.keyId === other.keyId;
  return other.kind === 'session' && one.familyId === other.familyId;
}

/** A room under the name clients know it by. */
function roomData(room: string | undefined): { postId?: string; room?: string } {
  if (room === undefined) return {};
  const postId = /^post:(.+)$/.exec(room)?.[1];
  return postId === undefined ? { room } : { postId };
}
