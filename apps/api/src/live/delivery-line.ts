import type { Frame, LoggedFrame } from './frame.ts';

/** A socket as it is delivered to. */
export interface Listener {
  deliver(frames: readonly Frame[]): void;
}

/** What an organization missed of the log while more came than could be passed on. */
export interface MissedFrames {
  readonly frames: readonly LoggedFrame[];
  readonly lastId: number;
  readonly hasMore: boolean;
}

/** What of one organization waits to be passed on to its listeners, in order. It is bounded: what comes beyond is left to the log. */
export interface DeliveryLine {
  take(frames: readonly Frame[]): void;
  hasWork(): boolean;
  /** Hands the present batch to one more listener, or goes on to the next batch. */
  advance(listeners: Iterable<Listener>): void;
  /** The event after which the log has to be read on, once there is no work; null while nothing was left out. */
  missedFromId(): number | null;
  startReading(): void;
  takeMissed(missed: MissedFrames): void;
}

const waitingMax = 1_000;
const waitingBytesMax = 4 * 1024 * 1024;
/** What one listener gets at once. */
const batchMax = 50;
const batchBytesMax = 256 * 1024;

export function createDeliveryLine(): DeliveryLine {
  let waiting: Frame[] = [];
  let waitingBytes = 0;
  let batch: readonly Frame[] = [];
  let rest: Iterator<Listener> | null = null;
  let takenToId = 0;
  let missedFromId: number | null = null;
  let hasMissedMore = false;

  /** Passing frames get half of the room, so that a full line has frames of the log, and knows where they end. */
  const hasRoomFor = ({ eventId }: Frame) => {
    const share = eventId === null ? 0.5 : 1;
    return waiting.length < waitingMax * share && waitingBytes < waitingBytesMax * share;
  };

  const push = (frame: Frame) => {
    waiting.push(frame);
    waitingBytes += frame.bytes.length;
    takenToId = frame.eventId ?? takenToId;
  };

  const nextBatch = (): Frame[] => {
    let count = 0;
    for (let bytes = 0; count < batchMax && count < waiting.length && bytes < batchBytesMax; count += 1)
      bytes += waiting[count]?.bytes.length ?? 0;
    const next = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= next.reduce((sum, frame) => sum + frame.bytes.length, 0);
    return next;
  };

  return {
    take(frames) {
      for (const frame of frames) {
        if (missedFromId === null && hasRoomFor(frame)) push(frame);
        else if (frame.eventId !== null) {
          missedFromId ??= takenToId;
          hasMissedMore = true;
        }
      }
    },
    hasWork: () => rest !== null || waiting.length > 0,
    advance(listeners) {
      if (rest === null) {
        batch = nextBatch();
        rest = listeners[Symbol.iterator]();
      }
      const next = rest.next();
      if (next.done === true) rest = null;
      else next.value.deliver(batch);
    },
    missedFromId: () => missedFromId,
    startReading() {
      hasMissedMore = false;
    },
    takeMissed({ frames, lastId, hasMore }) {
      frames.forEach(push);
      takenToId = lastId;
      missedFromId = hasMore || hasMissedMore ? lastId : null;
    },
  };
}
