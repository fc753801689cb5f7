import { realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Removes a stopped server's data for good, also where it lies outside `dataDir`. */
export async function removePostgresData(dataDir: string): Promise<void> {
  const inside = await realpath(dataDir).catch(() => null);
  if (inside === null) return;
  const cluster = await realpath(join(inside, 'cluster')).catch(() => null);
  if (cluster !== null && dirname(cluster) !== inside) await rm(dirname(cluster), { recursive: true });
  await rm(inside, { recursive: true });
}
