import { findFreePort, isPortFree } from '@vibetribe/postgres-server/free-port';
import { StartFault } from './start-fault.ts';

/**
 * The port to listen on; 0 becomes a free one, since the others must know it before anybody listens.
 * @throws StartFault when it is taken
 */
export async function choosePort(wanted: number, variable: string): Promise<number> {
  if (wanted === 0) return findFreePort();
  if (await isPortFree(wanted)) return wanted;
  throw portTaken(wanted, variable);
}

export function portTaken(port: number, variable: string, cause?: unknown): StartFault {
  const advice = `set ${variable} to another port, or to 0 for a free one`;
  return new StartFault(`Port ${port} is taken by another program: ${advice}.`, { cause });
}
