import { createWriteStream, fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { createLineWriter, type LineWriter } from './line-writer.ts';

/** Standard output as the process has it. */
export type StandardOutput = Writable & { readonly fd?: number };

/**
 * Lines for standard output, written without waiting. Where a pipe's reader stalls, lines fill a buffer of bounded size. Where the reader
 * is gone, the lines are lost. Nothing of it reaches the process.
 */
export function openLogStream(output: StandardOutput, app: string): LineWriter {
  const stream = asynchronous(output);
  let failure: Error | null = null;
  stream.on('error', (error: Error) => {
    failure = error;
  });
  return createLineWriter({
    writeBatch: (batch) =>
      new Promise((resolve, reject) => {
        if (failure !== null || stream.destroyed) return reject(failure ?? new Error('standard output has ended'));
        stream.write(batch, (error) => (error ? reject(error) : resolve()));
      }),
    describeDropped: (dropped) =>
      `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), app, dropped, msg: 'log lines were dropped: whoever reads the log is too slow' })}\n`,
  });
}

/** Node writes to pipes and sockets as they take it, but to a file in the caller's own time. */
function asynchronous(output: StandardOutput): Writable {
  const { fd } = output;
  if (fd === undefined || !isFile(fd)) return output;
  return createWriteStream('', { fd, autoClose: false });
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}
