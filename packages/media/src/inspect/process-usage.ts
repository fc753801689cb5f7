import { readFileSync } from 'node:fs';

/** What a process has used of the machine so far. */
export interface ProcessUsage {
  /** Of the processor, by all of its threads. */
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Linux counts in hundredths of a second for everybody who asks, and in pages. */
const tickMs = 10;
const pageBytes = 4096;

/** Null where the system does not tell, or the process is gone. It reads memory, not a disk, and takes microseconds. */
export function readProcessUsage(pid: number | undefined): ProcessUsage | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in brackets and may hold anything; the third field comes behind it (man 5 proc_pid_stat).
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    return { cpuMs: (field(14) + field(15)) * tickMs, residentBytes: field(24) * pageBytes };
  } catch {
    return null;
  }
}
