import { isConnectionLossCode } from '@vibetribe/resilience/connection-loss';

/** Beside lost connections: none to be had, a full server, time-outs of statements and locks, deadlocks. */
const passingCodes = new Set([
  'connection_lost',
  'connection_unavailable',
  '53300',
  '55P03',
  '57014',
  '40001',
  '40P01',
]);

/** The code of the database fault somewhere below an error, where trying again later may help; else null. */
export function databaseFault(error: unknown): string | null {
  let cause = error;
  for (let depth = 0; depth < 10 && cause instanceof Error; depth += 1) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string' && (passingCodes.has(code) || isConnectionLossCode(code))) return code;
    cause = cause.cause;
  }
  return null;
}
