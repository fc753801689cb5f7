import { spawn } from 'node:child_process';
import { join } from 'node:path';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const parentCheckMs = 500;

/**
 * Runs a command in this process group, passing signals on, and resolves to `{code, signal, error}`.
 * A terminal's Ctrl-C reaches the child by itself and once more through here: who is run this way must take two
 * signals in one moment as one. With `tellWhenGone` the child has an IPC channel whose end means that we are gone.
 */
export function runChild(command, args, { cwd, env = process.env, stdin = 'inherit', tellWhenGone = false }) {
  return new Promise((resolve) => {
    const stdio = [stdin, 'inherit', 'inherit', ...(tellWhenGone ? ['ipc'] : [])];
    const child = spawn(command, args, { cwd, env, stdio });
    const handlers = forwarded.map((signal) => [signal, () => child.kill(signal)]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const parentCheck = whenNpmIsGone(cwd, () => child.kill('SIGTERM'));
    const settle = (outcome) => {
      clearInterval(parentCheck);
      for (const [signal, handler] of handlers) process.off(signal, handler);
      resolve(outcome);
    };
    child.once('error', (error) => settle({ code: 1, signal: null, error }));
    child.once('exit', (code, signal) => settle({ code: code ?? 1, signal, error: null }));
  });
}

/** npm that is killed outright cannot tell its script; the script's parent process then is another one. */
function whenNpmIsGone(root, act) {
  if (process.env.npm_package_json !== join(root, 'package.json')) return undefined;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    act();
  }, parentCheckMs);
  return check;
}
