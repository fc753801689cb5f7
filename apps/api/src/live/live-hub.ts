import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { readEventWriters } from '@vibetribe/core/events/read-event-writers';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import type { Bus } from '@vibetribe/queue/bus';
import type { Clock } from '@vibetribe/resilience/clock';
import type { WebSocket } from 'ws';
import { answerClient, type Typing } from './answer-client.ts';
import { closeCodes } from './close-codes.ts';
import { startEventFeed } from './event-feed.ts';
import { eachAlone, messagesOf } from './event-message.ts';
import { createFairDelivery } from './fair-delivery.ts';
import { loggedFrame, passingFrame } from './frame.ts';
import { createLiveConnection, type LiveConnection } from './live-connection.ts';
import { createLogReader, type LiveStart } from './log-reader.ts';
import { createMessageBudget, socketAllowance } from './message-budget.ts';
import { createOrganizationSockets } from './organization-sockets.ts';
import { createPostLookup } from './post-lookup.ts';
import { startPresence } from './presence.ts';
import { receiveMessages } from './receive-messages.ts';
import { greetClient, replayEvents } from './replay-events.ts';
import { presenceRoom } from './rooms.ts';
import { startSocketChecks, type SocketChecks } from './socket-checks.ts';

export interface LiveHub extends AsyncDisposable, Omit<SocketChecks, keyof AsyncDisposable> {
  /** The id up to which this process has passed the event log on to its sockets. */
  position(): number;
  /** How many sockets this process has. */
  sockets(): number;
  /** How long committed events have been waiting for one who began to write events before them. */
  heldUpForMs(): number;
  /**
   * Takes a socket in. A client that knows a position gets what it missed since then. Any other client gets what was passed on since its
   * connection was opened, because it may be told of something before it is registered here.
   */
  open(socket: WebSocket, stream: Socket, actor: AuthenticatedActor, start: LiveStart): void;
  /** Closes every socket: the process is going away. */
  closeAll(): void;
}

const socketsPerOrganizationMax = 5_000;

/** All sockets of this process, fed from the event log; who is there and who types travels over the bus. */
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
  const sockets = createOrganizationSockets(clock);
  const log = createLogReader(db);
  const hasPost = createPostLookup(db);
  const onError = (error: unknown) => logger.warn({ err: error }, 'the live feed failed; it goes on');

  await using starting = new AsyncDisposableStack();
  const delivery = starting.use(
    createFairDelivery({
      listeners: (organizationId) => sockets.of(organizationId),
      readMissed: (organizationId, fromId) => log.alone(organizationId, fromId),
      clock,
      onError,
    }),
  );
  const presence = starting.use(
    await startPresence({
      replicaId: randomUUID(),
      bus,
      clock,
      logger,
      effects: {
        admit: (connectionId) => sockets.find(connectionId)?.rooms.add(presenceRoom),
        tellOne: (connectionId, message) => sockets.find(connectionId)?.send(message),
        tellRoom: (organizationId, room, aboutId, message) =>
          delivery.add(organizationId, [passingFrame(room, aboutId, message)]),
      },
    }),
  );
  const feed = starting.use(
    await startEventFeed({
      db,
      bus,
      clock,
      onError,
      async onEvents(events: readonly LoggedEvent[]) {
        const wanted = events.filter((event) => sockets.of(event.organizationId).size > 0);
        if (wanted.length === 0) return;
        const messages = await db.asWorker((tx) => messagesOf(tx, eachAlone(wanted)));
        for (const [organizationId, own] of Map.groupBy(messages, (message) => message.organizationId))
          delivery.add(organizationId, own.map(loggedFrame));
      },
      onHeldUp(heldUpForMs) {
        db.asWorker(readEventWriters).then(
          (writers) =>
            logger.warn({ heldUpForMs, writers }, 'events wait for a transaction that writes events and does not end'),
          onError,
        );
      },
    }),
  );
  const checks = starting.use(startSocketChecks({ sockets, authenticator, clock, onError }));
  starting.defer(() => sockets.all().forEach((connection) => connection.close(closeCodes.goingAway, 'going away')));

  const serve = async (connection: LiveConnection, start: LiveStart, hearClient: () => void) => {
    const from = await greetClient(log, connection, start);
    hearClient();
    await replayEvents(log, connection, from, start.openedAtId);
    const { organizationId, userId } = connection.actor();
    if (connection.isOpen()) presence.join({ organizationId, userId, connectionId: connection.id });
  };

  const running = starting.move();
  return {
    ...checks,
    position: () => feed.position(),
    sockets: () => sockets.all().length,
    heldUpForMs: () => feed.heldUpForMs(),
    open(socket, stream, actor, start) {
      if (socket.readyState !== socket.OPEN) return;
      if (sockets.of(actor.organizationId).size >= socketsPerOrganizationMax) {
        socket.close(closeCodes.tooMany, 'too many connections');
        return;
      }
      const connection = createLiveConnection({ id: randomUUID(), socket, stream, actor });
      const budget = sockets.add(connection);
      socket.on('close', () => {
        sockets.remove(connection);
        presence.leave(connection.id);
      });
      const fail = (error: unknown) => {
        logger.error({ err: error }, 'a live connection failed');
        connection.close(closeCodes.internalError, 'internal error');
      };
      const hearClient = () => {
        receiveMessages({
          socket,
          budgets: [createMessageBudget(clock, socketAllowance), budget],
          send: (message) => connection.send(message),
          onError: fail,
          async answer(text) {
            const type = (typing: Typing) => presence.type(connection.id, typing);
            connection.send(await answerClient(hasPost, connection, text, type));
          },
        });
        socket.resume();
      };
      // What the client sends at once waits until it was greeted.
      socket.pause();
      serve(connection, start, hearClient).catch(fail);
    },
    closeAll: () => sockets.all().forEach((connection) => connection.close(closeCodes.goingAway, 'going away')),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
