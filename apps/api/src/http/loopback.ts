import { BlockList, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/**
 * Whether the caller sits on this machine. A request that a proxy on this machine passed on does not count: its sender is
 * somewhere else.
 */
export function isLoopback(request: Pick<FastifyRequest, 'socket' | 'headers'>): boolean {
  const address = request.socket.remoteAddress;
  if (address === undefined || forwardingHeaders.some((name) => request.headers[name] !== undefined)) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
