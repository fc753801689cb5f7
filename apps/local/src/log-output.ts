import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { readableLogLine } from './readable-log-line.ts';

export interface LogOutput extends Disposable {
  /** Takes one JSON line of a logger. */
  write(line: string): void;
}

const logFileBytesMax = 20 * 1024 * 1024;

/**
 * Where the apps' logs go: every line into a file as JSON, and warnings and worse also to the terminal in readable form.
 * A full file becomes `<path>.1` and replaces the one before it. A disk that is full stops the file, never the system.
 */
export function openLogOutput(options: { path: string; print: (line: string) => void; bytesMax?: number }): LogOutput {
  const { path, print, bytesMax = logFileBytesMax } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file = open(path);
  let broken = false;

  const append = (line: string): void => {
    if (fstatSync(file).size >= bytesMax) {
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = open(path);
    }
    writeSync(file, line);
  };

  return {
    write(line) {
      const readable = readableLogLine(line);
      if (readable !== null) print(readable);
      try {
        append(line);
        broken = false;
      } catch (error) {
        if (!broken) print(`The log file ${path} cannot be written: ${String(error)}`);
        broken = true;
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function open(path: string): number {
  return openSync(path, 'a', 0o600);
}
