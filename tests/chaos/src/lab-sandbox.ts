import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { chaosPlatforms } from './product-environment.ts';
import { createSandboxControl, type SandboxControl } from './sandbox-control.ts';

/** A sandbox with raised limits, which several labs may share: each has accounts of its own. */
export async function startLabSandbox(): Promise<AsyncDisposable & { sandbox: SandboxControl; dataDir: string }> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-lab-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const app = starting.use(
    await spawnApp({
      app: 'sandbox',
      env: { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
      readyTimeoutMs: 120_000,
    }),
  );
  const sandbox = createSandboxControl(`http://127.0.0.1:${app.port}`);
  for (const platform of chaosPlatforms) await sandbox.scaleLimits(platform, 1000);
  const running = starting.move();
  return { sandbox, dataDir, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
