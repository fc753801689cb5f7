import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createLineWriter, type LineWriter } from '@vibetribe/observability/line-writer';
import { readableLogLine } from './readable-log-line.ts';

export interface LogOutput extends AsyncDisposable, Pick<LineWriter, 'write' | 'droppedLines' | 'flush'> {}

const logFileBytesMax = 20 * 1024 * 1024;
const flushTimeoutMs = 2_000;

/**
 * Where the apps' logs go: every line into a file as JSON, and warnings and worse also to the terminal in readable form.
 * A full file becomes `<path>.1` and replaces the one before it. Nobody waits for the disk; one that is full stops the file, never the
 * system. Disposing writes out what waits.
 */
export async function openLogOutput(options: {
  path: string;
  print: (line: string) => void;
  bytesMax?: number;
}): Promise<LogOutput> {
  const { path, print, bytesMax = logFileBytesMax } = options;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let file = await openFile(path);
  let bytes = (await file.stat()).size;
  let broken = false;

  const append = async (batch: string): Promise<void> => {
    if (bytes >= bytesMax) {
      await file.close();
      try {
        await rename(path, `${path}.1`);
      } finally {
        file = await openFile(path);
      }
      bytes = 0;
    }
    await file.appendFile(batch);
    bytes += Buffer.byteLength(batch);
  };

  const lines = createLineWriter({
    batchMax: Math.min(bytesMax, 64 * 1024),
    async writeBatch(batch) {
      try {
        await append(batch);
        broken = false;
      } catch (error) {
        if (!broken) print(`The log file ${path} cannot be written: ${String(error)}`);
        broken = true;
        throw error;
      }
    },
  });

  return {
    write(line) {
      const readable = readableLogLine(line);
      if (readable !== null) print(readable);
      lines.write(line);
    },
    get droppedLines() {
      return lines.droppedLines;
    },
    flush: (timeoutMs) => lines.flush(timeoutMs),
    async [Symbol.asyncDispose]() {
      await lines.flush(flushTimeoutMs);
      await file.close();
    },
  };
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600);
}
