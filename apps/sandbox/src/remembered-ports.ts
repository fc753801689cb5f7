import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { z } from 'zod';

const Ports = z.record(z.string(), z.int().min(1).max(65_535));

/** The ports of an earlier run by site; none where there was no such run or its file is broken. */
export function readPorts(path: string): Readonly<Record<string, number>> {
  try {
    return Ports.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError || isMissing(error)) return {};
    throw error;
  }
}

export function writePorts(path: string, ports: Readonly<Record<string, number>>): void {
  writeFileSync(`${path}.next`, JSON.stringify(ports), { mode: 0o600 });
  renameSync(`${path}.next`, path);
}

/** The wanted port of the loopback address, or 0 (any) where somebody else has it by now. */
export async function portOrAny(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return 0;
  const probe = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(wanted, '127.0.0.1', () => resolve(true));
  });
  if (!isFree) return 0;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return wanted;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
