/**
 * Sends a signal to a process that is not our child; signal 0 only asks whether it exists.
 * @returns false when there is no such process
 * @throws the system's error, EPERM when it belongs to another user
 */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    // oxlint-disable-next-line no-restricted-globals -- Node has no other way to signal a foreign process
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
