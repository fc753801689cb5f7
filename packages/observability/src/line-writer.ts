/** Takes lines without ever waiting for whoever reads them. */
export interface LineWriter {
  /** Never blocks and never throws. A line beyond the bound is dropped and counted. */
  write(line: string): void;
  /** Lines dropped since the start: the reader was too slow, or is gone. */
  readonly droppedLines: number;
  /** Resolves when everything has been taken, or after `timeoutMs`: whether it was. */
  flush(timeoutMs: number): Promise<boolean>;
}

export interface LineWriterOptions {
  /** Resolves when the batch was taken. After a rejection its lines count as dropped, and the next batch is tried. */
  readonly writeBatch: (batch: string, lines: number) => Promise<void>;
  /** What may wait at most, in UTF-16 units. Default 8 Mi. */
  readonly waitingMax?: number;
  /** The most that is written at once, in UTF-16 units; a longer line goes alone. Default 64 Ki. */
  readonly batchMax?: number;
  /** Makes the line that tells of dropped ones, once lines are taken again. */
  readonly describeDropped?: (dropped: number) => string;
}

const waitingMaxDefault = 8 * 1024 * 1024;
const batchMaxDefault = 64 * 1024;

/** While a batch is under way the next lines wait, up to a bound: so it is one write at a time, and a stalled reader costs memory only. */
export function createLineWriter({
  writeBatch,
  waitingMax = waitingMaxDefault,
  batchMax = batchMaxDefault,
  describeDropped,
}: LineWriterOptions): LineWriter {
  let waiting: string[] = [];
  let waitingLength = 0;
  let dropped = 0;
  let toldDropped = 0;
  let writing: Promise<void> | null = null;

  const takeBatch = (): string[] => {
    let length = 0;
    const count = waiting.findIndex((line) => (length += line.length) > batchMax);
    const batch = count === -1 ? waiting : waiting.slice(0, Math.max(1, count));
    waiting = count === -1 ? [] : waiting.slice(batch.length);
    return batch;
  };

  const writeAll = async () => {
    while (waiting.length > 0) {
      const lines = takeBatch();
      const batch = lines.join('');
      try {
        await writeBatch(batch, lines.length);
      } catch {
        dropped += lines.length;
      }
      waitingLength -= batch.length;
      const news = dropped - toldDropped;
      if (news > 0 && waiting.length === 0 && describeDropped !== undefined) {
        toldDropped = dropped;
        const line = describeDropped(news);
        waiting.push(line);
        waitingLength += line.length;
      }
    }
    writing = null;
  };

  return {
    write(line) {
      if (waitingLength + line.length > waitingMax) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      waitingLength += line.length;
      writing ??= writeAll();
    },
    get droppedLines() {
      return dropped;
    },
    async flush(timeoutMs) {
      if (writing === null) return true;
      const { promise: late, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const isDone = await Promise.race([writing.then(() => true), late]);
      clearTimeout(timer);
      return isDone;
    },
  };
}
