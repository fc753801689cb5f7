import type { ServerMessage } from '@vibetribe/contracts/live-message';
import type { LiveMessage } from './event-message.ts';

/** A message for many sockets of one organization, made into bytes once. Heard by those who are in one of its rooms. */
export type Frame = LoggedFrame | PassingFrame;

/** It stands in the event log: whoever misses it gets it from there. */
export interface LoggedFrame {
  readonly eventId: number;
  readonly accountIds: readonly string[];
  readonly rooms: readonly string[];
  /** Users who do not want it. */
  readonly hiddenFrom?: readonly string[] | undefined;
  readonly bytes: Buffer;
}

/** Who is there, who types: true for the moment, and kept nowhere. */
export interface PassingFrame {
  readonly eventId: null;
  readonly rooms: readonly string[];
  /** The connection it is about, which does not hear it. */
  readonly aboutId: string;
  readonly bytes: Buffer;
}

export function loggedFrame({ eventId, accountIds, rooms, hiddenFrom, message }: LiveMessage): LoggedFrame {
  return { eventId, accountIds, rooms, hiddenFrom, bytes: bytesOf(message) };
}

export function passingFrame(room: string, aboutId: string, message: ServerMessage): PassingFrame {
  return { eventId: null, rooms: [room], aboutId, bytes: bytesOf(message) };
}

export function bytesOf(message: ServerMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}
