import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether the caller sits on this machine. A request that a proxy on this machine passed on does not count: its sender is somewhere
 * else. One that names another host does not either: a page that was made to lead here (DNS rebinding) still says its own name.
 */
export function isLoopback(request: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
  const address = request.socket.remoteAddress;
  if (address === undefined || forwardingHeaders.some((name) => request.headers[name] !== undefined)) return false;
  return isLoopbackAddress(address) && isLoopbackHost(request.headers.host);
}

function isLoopbackHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`;
  if (host === undefined || !URL.canParse(url)) return false;
  const name = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return name === 'localhost' || (isIP(name) !== 0 && isLoopbackAddress(name));
}

function isLoopbackAddress(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
