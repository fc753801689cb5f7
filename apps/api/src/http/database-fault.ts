import { isConnectionLossCode } from '@vibetribe/resilience/connection-loss';

/** Beside lost connections: none to be had, a full server, no room or memory, no writes (a standby), time-outs of statements and locks, deadlocks. */
const passingCodes = new Set([
  'connection_lost',
  'connection_unavailable',
  '25006',
  '53100',
  '53200',
  '53300',
  '53400',
  '55P03',
  '57014',
  '40001',
  '40P01',
]);

/** The code of the database fault somewhere below an error, where trying again later may help; else null. */
export function databaseFault(error: unknown): string | null {
  return codesBelow(error).find((code) => passingCodes.has(code) || isConnectionLossCode(code)) ?? null;
}

/** Whether a file of ours found no room on its disk. */
export function isOutOfRoom(error: unknown): boolean {
  return codesBelow(error).some((code) => code === 'ENOSPC' || code === 'EDQUOT');
}

function codesBelow(error: unknown): string[] {
  const codes: string[] = [];
  let cause = error;
  for (let depth = 0; depth < 10 && cause instanceof Error; depth += 1) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string') codes.push(code);
    cause = cause.cause;
  }
  return codes;
}
