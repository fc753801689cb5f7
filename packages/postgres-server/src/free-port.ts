import { createServer } from 'node:net';
import { once } from 'node:events';

/** A port of the address that nobody listens on; the system chooses it. */
export async function findFreePort(host = loopback): Promise<number> {
  const port = await listenOnce(0, host);
  if (port === null) throw new Error(`The system gave no free port on ${host}.`);
  return port;
}

/** Whether a server could listen on the address's port now. */
export async function isPortFree(port: number, host = loopback): Promise<boolean> {
  return (await listenOnce(port, host)) !== null;
}

const loopback = '127.0.0.1';

async function listenOnce(port: number, host: string): Promise<number | null> {
  const probe = createServer();
  probe.listen(port, host);
  try {
    await once(probe, 'listening');
  } catch {
    return null;
  }
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : null;
}
