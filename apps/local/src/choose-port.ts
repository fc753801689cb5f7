import { findFreePort, isPortFree } from '@vibetribe/postgres-server/free-port';
import { StartError } from './start-error.ts';

/**
 * The port to listen on; 0 becomes a free one, since the others must know it before anybody listens.
 * @throws StartError when it is taken
 */
export async function choosePort(wanted: number, variable: string, host?: string): Promise<number> {
  if (wanted === 0) return findFreePort(host);
  if (await isPortFree(wanted, host)) return wanted;
  throw portTaken(wanted, variable);
}

function portTaken(port: number, variable: string, cause?: unknown): StartError {
  const advice = `set ${variable} to another port, or to 0 for a free one`;
  return new StartError(`Port ${port} is taken by another program: ${advice}.`, { cause });
}

/** Another program may take a port between the look and the use: which of ours it was, and what to say; else null. */
export function portFaultOf(
  error: unknown,
  ports: Readonly<Record<string, number>>,
): { variable: string; fault: StartError } | null {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error)) return null;
  const port = Number(error.port);
  const [variable] = Object.entries(ports).find(([, ours]) => ours === port) ?? [];
  return variable === undefined ? null : { variable, fault: portTaken(port, variable, error) };
}
