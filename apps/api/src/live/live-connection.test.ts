import { EventEmitter } from 'node:events';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import type { LoggedFrame } from './frame.ts';
import { createLiveConnection, type LiveConnection } from './live-connection.ts';
import { organizationRoom, postRoom, presenceRoom } from './rooms.ts';

/** A socket whose client reads nothing when `bufferedAmount` says so. */
class StandInSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  closedWith: number | null = null;
  pings = 0;
  isTerminated = false;
  send(bytes: Buffer, _options: object, done?: () => void): void {
    this.sent.push(String(bytes));
    done?.();
  }
  close(code: number): void {
    this.readyState = 2;
    this.closedWith = code;
  }
  ping(): void {
    this.pings += 1;
  }
  terminate(): void {
    this.isTerminated = true;
  }
}

const actor: AuthenticatedActor = {
  organizationId: 'org_1',
  userId: 'usr_1',
  role: 'owner',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: 'user:usr_1',
  credential: { kind: 'session', familyId: 'fam_1' },
};

const event = (id: number, about: Partial<LoggedFrame> = {}): LoggedFrame => ({
  eventId: id,
  accountIds: [],
  rooms: [organizationRoom],
  bytes: Buffer.from(String(id)),
  ...about,
});

function open(isLive = true): { socket: StandInSocket; connection: LiveConnection } {
  const socket = new StandInSocket();
  const stream = { cork: () => undefined, uncork: () => undefined };
  const connection = createLiveConnection({ id: 'c1', socket: socket as unknown as WebSocket, stream, actor });
  if (isLive) connection.goLive();
  return { socket, connection };
}

describe('a client that cannot keep up', () => {
  test('is closed 4008 instead of filling our memory', () => {
    const { socket, connection } = open();
    socket.bufferedAmount = 2 * 1024 * 1024;
    connection.deliver([event(1)]);
    expect([socket.closedWith, socket.sent]).toEqual([4008, []]);
  });

  test('has time to read the reason, but holds up nobody who goes away', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const cutAfterMs = (act: (connection: LiveConnection) => void) => {
      const { socket, connection } = open();
      socket.bufferedAmount = 2 * 1024 * 1024;
      act(connection);
      const startedMs = Date.now();
      for (let turn = 0; turn < 60 && !socket.isTerminated; turn += 1) vi.advanceTimersByTime(500);
      return Date.now() - startedMs;
    };
    expect(cutAfterMs((connection) => connection.deliver([event(1)]))).toBe(15_000);
    expect(cutAfterMs((connection) => connection.close(4401, 'signed out'))).toBe(2_000);
    const both = cutAfterMs((connection) => {
      connection.deliver([event(1)]);
      connection.close(1001, 'going away');
    });
    expect(both).toBe(2_000);
  });

  test('and that answers no ping is cut off', () => {
    const { socket, connection } = open();
    connection.ping();
    socket.emit('pong');
    connection.ping();
    expect([socket.pings, socket.isTerminated]).toEqual([2, false]);
    connection.ping();
    expect(socket.isTerminated).toBe(true);
  });
});

describe('what a socket hears', () => {
  test("of its rooms: the organization's from the start, until it leaves", () => {
    const { socket, connection } = open();
    connection.deliver([
      event(1),
      event(2, { rooms: [organizationRoom, postRoom('p')] }),
      event(3, { rooms: ['analytics'] }),
    ]);
    connection.rooms.delete(organizationRoom);
    connection.rooms.add(postRoom('p'));
    connection.deliver([event(4), event(5, { rooms: [organizationRoom, postRoom('p')] })]);
    expect(socket.sent).toEqual(['1', '2', '5']);
  });

  test('of its accounts, as of the last look', () => {
    const { socket, connection } = open();
    connection.renew({ ...actor, accountIds: ['acc_1'] });
    connection.deliver([event(1, { accountIds: ['acc_1'] }), event(2, { accountIds: ['acc_1', 'acc_2'] })]);
    connection.renew({ ...actor, accountIds: ['acc_2'] });
    connection.deliver([event(3, { accountIds: ['acc_1'] }), event(4, { accountIds: ['acc_2'] })]);
    expect(socket.sent).toEqual(['1', '4']);
  });

  test('nothing of itself', () => {
    const { socket, connection } = open();
    connection.rooms.add(presenceRoom);
    const about = (aboutId: string) => ({ eventId: null, rooms: [presenceRoom], aboutId, bytes: Buffer.from(aboutId) });
    connection.deliver([about('c1'), about('c2')]);
    expect(socket.sent).toEqual(['c2']);
  });
});

describe('from the log to the live feed', () => {
  test('every event is sent once and in order, however replay and feed interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.nat(30),
        fc.array(fc.boolean(), { maxLength: 60 }),
        async (fed, missed, turns) => {
          const { socket, connection } = open(false);
          // The feed has passed on `fed` events before; the log has them and `missed` more, which the feed still has to come to.
          const logEnd = fed + missed;
          const end = logEnd + 5;
          let replayed = 0;
          let next = fed + 1;
          const feedOne = () => next <= end && connection.deliver([event((next += 1) - 1)]);
          for (const isFeedsTurn of turns) {
            if (isFeedsTurn) feedOne();
            else if (replayed < logEnd) await connection.replay([event((replayed += 1))]);
          }
          while (replayed < logEnd) await connection.replay([event((replayed += 1))]);
          connection.goLive();
          while (next <= end) feedOne();
          expect(socket.sent).toEqual(Array.from({ length: end }, (_, index) => String(index + 1)));
        },
      ),
    );
  });

  test('more than can be kept aside is read from the log again', () => {
    const { socket, connection } = open(false);
    for (let id = 1; id <= 201; id += 1) connection.deliver([event(id)]);
    expect(connection.takeOverflow()).toBe(true);
    expect(connection.takeOverflow()).toBe(false);
    connection.goLive();
    expect(socket.sent).toEqual([]);
  });
});
