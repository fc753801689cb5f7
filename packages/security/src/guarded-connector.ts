import type { Socket, TcpNetConnectOpts } from 'node:net';
import { type buildConnector as BuildConnector, buildConnector, errors } from 'undici';
import { AddressRefusedError } from './address-refused-error.ts';
import { type LookupAll, checkedLookup } from './checked-lookup.ts';
import { isAddressLiteral, isPublicAddress } from './public-address.ts';

type Connector = BuildConnector.connector;
type Target = BuildConnector.Options;

const keepAliveInitialDelayMs = 60_000;

export interface GuardedConnectorOptions {
  /** Whether this host and port may be anything at all: plain HTTP, any port, any address. IPv6 comes without brackets. */
  readonly allow: (host: string, port: number) => boolean | Promise<boolean>;
  /** For the connection and the TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** For names that others choose: it must not keep other names waiting. */
  readonly lookup: LookupAll;
  /** For allowed hosts, which may be known to this machine alone. */
  readonly lookupAllowed: LookupAll;
  /** Opens the TCP connection, `net.connect` outside of tests. */
  readonly dial: (options: TcpNetConnectOpts) => Socket;
  /** Certificates to trust instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
}

/**
 * Connects to public addresses only. There are three checks, because each alone can be passed. The look-up is never asked about an address
 * in the URL. The URL knows nothing of what a name resolves to. Only the connection itself knows where it ended. TLS starts on the
 * connected socket, so that not even a handshake reaches a refused address.
 */
export function createGuardedConnector({
  allow,
  connectTimeoutMs,
  lookup,
  lookupAllowed,
  dial,
  ca,
}: GuardedConnectorOptions): Connector {
  const startTls = buildConnector({ allowH2: false, timeout: 0, ...(ca === undefined ? {} : { ca }) });

  const open = (target: Target, isAllowed: boolean, callback: BuildConnector.Callback) => {
    const { hostname } = target;
    const accepts = (address: string) => isAllowed || isPublicAddress(address);
    const socket = dial({
      host: hostname,
      port: portOf(target),
      lookup: checkedLookup(isAllowed ? lookupAllowed : lookup, accepts),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveInitialDelayMs,
    });
    let isSettled = false;
    const settle = (...outcome: Parameters<BuildConnector.Callback>) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      if (outcome[0] !== null) socket.destroy();
      callback(...outcome);
    };
    const timer = setTimeout(
      () => settle(new errors.ConnectTimeoutError(`no connection to ${hostname} in ${connectTimeoutMs} ms`), null),
      connectTimeoutMs,
    );

    socket.on('error', (error) => settle(asConnectError(error, hostname), null));
    socket.once('connect', () => {
      if (!accepts(socket.remoteAddress ?? '')) settle(new AddressRefusedError(hostname, 'peer'), null);
      else if (target.protocol === 'https:') startTls({ ...target, httpSocket: socket }, settle);
      else settle(null, socket);
    });
  };

  return (target, callback) => {
    const fail = (error: Error) => callback(error, null);
    admit(target, allow).then((isAllowed) => open(target, isAllowed, callback), fail);
  };
}

/** Resolves to whether the target is allowed by name; throws `AddressRefusedError` where the URL alone is reason enough. */
async function admit(target: Target, allow: GuardedConnectorOptions['allow']): Promise<boolean> {
  const { hostname, protocol } = target;
  const port = portOf(target);
  if (await allow(hostname, port)) return true;
  if (protocol !== 'https:') throw new AddressRefusedError(hostname, 'not_https');
  if (port !== 443 && port !== 80) throw new AddressRefusedError(hostname, 'port');
  if (isAddressLiteral(hostname) && !isPublicAddress(hostname)) throw new AddressRefusedError(hostname, 'literal');
  return false;
}

/** Undici leaves the port empty where it is the protocol's own. */
function portOf({ port, protocol }: Target): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** ETIMEDOUT may also mean that a connection in use died: here it cannot, and whoever decides about repeating must be able to tell. */
function asConnectError(error: Error, hostname: string): Error {
  const parts: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const isTimeout = parts.some((part) => part instanceof Error && 'code' in part && part.code === 'ETIMEDOUT');
  return isTimeout
    ? Object.assign(new errors.ConnectTimeoutError(`no connection to ${hostname}`), { cause: error })
    : error;
}
