/** Codes of the system when a server, or the way to it, is lost: the same work may succeed later. */
const lostCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** PostgreSQL's codes for a server that shuts down, has crashed or still starts. */
const shutdownCodes: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03']);

/** True for a code of the system or of PostgreSQL that tells of a lost connection. PostgreSQL's class 08 is one. */
export function isConnectionLossCode(code: string): boolean {
  return lostCodes.has(code) || shutdownCodes.has(code) || /^08[0-9A-Z]{3}$/.test(code);
}
