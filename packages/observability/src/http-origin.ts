/** The origin under which who listens on this address is reached from the same machine: IPv6 in brackets, and never an address for all. */
export function httpOrigin(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
