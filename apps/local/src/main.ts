import { OperatorError } from '@vibetribe/observability/operator-error';
import { systemClock } from '@vibetribe/resilience/clock';
import { banner } from './banner.ts';
import { parseLocalConfig } from './config.ts';
import { runDemo } from './demo/run-demo.ts';
import { reasonOf } from './reason-of.ts';
import { type RunningLocal, startLocal } from './start-local.ts';
import { StartError } from './start-error.ts';

const nodeMajorMin = 24;
/** One Ctrl-C arrives up to three times: from the terminal, from npm and from the script that started us. */
const sameSignalMs = 1_000;
const stopTimeoutMs = 60_000;

const stopping = new AbortController();
let exitCode = 0;
let askedAtMs: number | null = null;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function stop(code: number): void {
  exitCode = Math.max(exitCode, code);
  if (askedAtMs === null) {
    askedAtMs = performance.now();
    print('Stopping ...');
    stopping.abort();
    setTimeout(() => leaveAtOnce('Stopping takes too long'), stopTimeoutMs).unref();
  } else if (performance.now() - askedAtMs > sameSignalMs) {
    leaveAtOnce('Asked twice');
  }
}

function leaveAtOnce(why: string): void {
  print(`${why}: leaving at once. The next start takes over what is left running.`);
  process.exit(1);
}

function listen(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
  // The script that started us is gone: a first request to stop, never the second one that ends everything at once.
  process.on('disconnect', () => askedAtMs === null && stop(0));
  process.channel?.unref();
  // Nobody reads on: no reason to fall over, the log file has everything.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Deprecations of packages are for their users, not for the person at this terminal.
  process.removeAllListeners('warning');
  process.on(
    'warning',
    (warning) => void (/Deprecation/.test(warning.name) || print(`${warning.name}: ${warning.message}`)),
  );
  process.on('uncaughtException', (error) => {
    print(`A fault that nobody caught ends VibeTribe: ${reasonOf(error)}\n${error.stack ?? ''}`);
    stop(1);
  });
}

async function run(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    throw new StartError(`VibeTribe runs on Node ${nodeMajorMin}; this is ${process.versions.node}: use npm start.`);
  }
  const config = parseLocalConfig(process.env, process.argv.slice(2));
  const local = await startLocal(config, { pid: process.pid, print, signal: stopping.signal });
  try {
    print(banner(local.endpoints, { logPath: local.logPath, dataDir: config.dataDir }));
    void local.databaseLost.then((reason) => {
      print(`The database is gone: ${reasonOf(reason)}`);
      stop(1);
    });
    if (config.demo) await showDemo(local);
    await untilAsked();
  } finally {
    await local[Symbol.asyncDispose]();
  }
}

async function showDemo(local: RunningLocal): Promise<void> {
  try {
    await runDemo({ ...local.endpoints, signal: stopping.signal }, { clock: systemClock(), print });
  } catch (error) {
    if (!stopping.signal.aborted) print(`The demo did not get to its end: ${reasonOf(error)}\nVibeTribe runs on.`);
  }
}

function untilAsked(): Promise<void> {
  if (stopping.signal.aborted) return Promise.resolve();
  // The servers keep the process alive; this only says when to go on.
  return new Promise((resolve) => stopping.signal.addEventListener('abort', () => resolve(), { once: true }));
}

listen();
try {
  await run();
} catch (error) {
  const givenUp = stopping.signal.aborted && error === stopping.signal.reason;
  if (!givenUp) {
    exitCode = 1;
    process.stderr.write(
      `${error instanceof OperatorError ? error.message : `VibeTribe failed: ${reasonOf(error)}`}\n`,
    );
  }
}
process.exit(exitCode);
