import { type ChildProcess, spawn } from 'node:child_process';

export interface RunningCommand {
  readonly pid: number;
  output(): string;
  /** Resolves with what the pattern matched once the output shows it; rejects with the output when the command ends or time is up. */
  shows(pattern: RegExp): Promise<RegExpMatchArray>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** To the whole process group, as a terminal's Ctrl-C does. */
  killGroup(signal: NodeJS.Signals): void;
}

const patienceMs = 20_000;

/** Starts a command in a process group of its own and collects what it prints. */
export function runCommand(
  command: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string | undefined> },
): RunningCommand {
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer) => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const pid = pidOf(child);
  return {
    pid,
    output: () => output,
    ended,
    shows: (pattern) => seen(pattern, () => output, child),
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => void process.kill(-pid, signal),
  };
}

function seen(pattern: RegExp, output: () => string, child: ChildProcess): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      child.stdout?.off('data', look);
      child.stderr?.off('data', look);
      child.off('close', giveUp);
    };
    const look = () => {
      const match = output().match(pattern);
      if (match === null) return;
      stop();
      resolve(match);
    };
    const giveUp = () => {
      stop();
      reject(new Error(`never printed ${String(pattern)}; it printed: ${output()}`));
    };
    const timer = setTimeout(giveUp, patienceMs);
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', giveUp);
    look();
  });
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the command could not be started');
  return child.pid;
}
