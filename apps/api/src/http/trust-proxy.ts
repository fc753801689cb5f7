import type { FastifyInstance } from 'fastify';
import { isIP } from 'node:net';

const namedRanges: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);
const bitsMax = { 4: 32, 6: 128 } as const;

/** Whether an entry of TRUST_PROXY is an address, a range such as 10.0.0.0/8, or a name for some ranges. */
export function isProxyEntry(entry: string): boolean {
  if (namedRanges.has(entry)) return true;
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (rest.length > 0 || (family !== 4 && family !== 6)) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax[family]);
}

/**
 * Tells once that requests come through a proxy that TRUST_PROXY does not name: all its clients then share one address, and with it
 * one limit.
 */
export function warnOfUnknownProxy(app: FastifyInstance, trustProxy: readonly string[]): void {
  if (trustProxy.length > 0) return;
  let isTold = false;
  app.addHook('onRequest', async (request) => {
    if (isTold || request.headers['x-forwarded-for'] === undefined) return;
    isTold = true;
    request.log.warn(
      { address: request.socket.remoteAddress },
      'a request came through a proxy, which TRUST_PROXY does not name: limits count all its clients as one',
    );
  });
}
