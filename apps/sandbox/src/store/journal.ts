import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';

/** A line that was written whole but does not read back: the file was changed from outside. */
export class JournalError extends Error {
  constructor(path: string, lineNumber: number, cause: unknown) {
    super(`${path}: line ${lineNumber} does not read back`, { cause });
    this.name = 'JournalError';
  }
}

/**
 * An append-only file of JSON lines. A line is with the operating system before `append` returns, so a killed
 * process loses nothing it has answered for; a last line without its newline was never answered for and is cut off.
 */
export type Journal = {
  replay(onLine: (value: unknown) => void): void;
  append(value: unknown): void;
  /** Puts these lines in the place of the file, atomically. */
  rewrite(values: Iterable<unknown>): void;
  close(): void;
};

/** Reading writes nothing: the file is repaired and opened for writing at the first append. */
export function openJournal(path: string): Journal {
  let wholeBytes = 0;
  let fd: number | undefined;

  function writable(): number {
    if (fd === undefined) {
      fd = openSync(path, 'a', 0o600);
      ftruncateSync(fd, wholeBytes);
    }
    return fd;
  }

  return {
    replay(onLine) {
      wholeBytes = existsSync(path) ? readLines(path, onLine) : 0;
    },
    append(value) {
      const target = writable();
      const line = Buffer.from(`${JSON.stringify(value)}\n`);
      try {
        writeAll(target, line);
      } catch (error) {
        ftruncateSync(target, wholeBytes);
        throw error;
      }
      wholeBytes += line.length;
    },
    rewrite(values) {
      const next = `${path}.next`;
      const target = openSync(next, 'w', 0o600);
      try {
        writeLines(target, values);
        fsyncSync(target);
        wholeBytes = fstatSync(target).size;
      } finally {
        closeSync(target);
      }
      renameSync(next, path);
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

const chunkBytes = 1 << 20;
const newline = 0x0a;

/** Returns the length of what is made of whole lines. */
function readLines(path: string, onLine: (value: unknown) => void): number {
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let carry = Buffer.alloc(0);
    let wholeBytes = 0;
    let lineNumber = 0;
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      const data = Buffer.concat([carry, chunk.subarray(0, read)]);
      let from = 0;
      for (let to = data.indexOf(newline, from); to >= 0; to = data.indexOf(newline, from)) {
        lineNumber += 1;
        onLine(parseLine(path, lineNumber, data.toString('utf8', from, to)));
        wholeBytes += to + 1 - from;
        from = to + 1;
      }
      carry = data.subarray(from);
    }
    return wholeBytes;
  } finally {
    closeSync(fd);
  }
}

function parseLine(path: string, lineNumber: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new JournalError(path, lineNumber, error);
  }
}

function writeLines(fd: number, values: Iterable<unknown>): void {
  let pending: string[] = [];
  let pendingChars = 0;
  for (const value of values) {
    const line = `${JSON.stringify(value)}\n`;
    pending.push(line);
    pendingChars += line.length;
    if (pendingChars >= chunkBytes) {
      writeAll(fd, Buffer.from(pending.join('')));
      pending = [];
      pendingChars = 0;
    }
  }
  writeAll(fd, Buffer.from(pending.join('')));
}

function writeAll(fd: number, data: Buffer): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done);
}
