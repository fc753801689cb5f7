/** Connections that ended, could not be made or were all in use, a server that shuts down or is full, and time-outs of statements and locks. */
const passingCodes = new Set([
  'connection_lost',
  'connection_unavailable',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '53300',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '40001',
  '40P01',
]);

/** The code of the database fault somewhere below an error, where trying again later may help; else null. */
export function databaseFault(error: unknown): string | null {
  let cause = error;
  for (let depth = 0; depth < 10 && cause instanceof Error; depth += 1) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string' && (passingCodes.has(code) || code.startsWith('08'))) return code;
    cause = cause.cause;
  }
  return null;
}
