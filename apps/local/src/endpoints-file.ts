import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from './write-private-file.ts';

/** Where a running system is reached and with what; the file is for the person's own tools. */
export interface Endpoints {
  api: string;
  sandbox: string;
  databaseUrl: string;
  email: string;
  password: string;
  apiKey: string;
  /** SIGTERM to it stops everything. */
  pid: number;
}

/** Says in `endpoints.json` that the system is up; disposing says that it no longer is. */
export async function publishEndpoints(dataDir: string, endpoints: Endpoints): Promise<AsyncDisposable> {
  await writePrivateFile(endpointsPath(dataDir), `${JSON.stringify(endpoints, null, 2)}\n`);
  return { [Symbol.asyncDispose]: () => withdrawEndpoints(dataDir) };
}

/** A killed system left the file behind. */
export async function withdrawEndpoints(dataDir: string): Promise<void> {
  await rm(endpointsPath(dataDir), { force: true });
}

function endpointsPath(dataDir: string): string {
  return join(dataDir, 'endpoints.json');
}
