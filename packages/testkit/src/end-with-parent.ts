import { spawn } from 'node:child_process';

/**
 * Ends the process `pid` when this one dies without stopping it, as a killed test run does: a shell waits for the end of
 * a pipe that only we hold. Disposing calls the guard off; do so before `pid` may be given to another process.
 */
export function endWithParent(pid: number, signal: 'INT' | 'TERM' | 'KILL'): Disposable {
  const guard = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -s "$1" "$2"', 'sh', signal, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  return { [Symbol.dispose]: () => void guard.kill('SIGKILL') };
}
