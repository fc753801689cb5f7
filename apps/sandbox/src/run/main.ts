import closeWithGrace from 'close-with-grace';
import { readSandboxConfig, SandboxConfigError } from '../config.ts';
import { startSandbox } from '../start-sandbox.ts';

// What platforms would keep to themselves is nobody else's on this machine.
process.umask(0o077);

try {
  const sandbox = await startSandbox(readSandboxConfig(process.env));
  closeWithGrace({ delay: 5000 }, async ({ err }) => {
    if (err !== undefined) process.stderr.write(`${err.stack ?? err.message}\n`);
    await sandbox[Symbol.asyncDispose]();
  });
  process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'sandbox', pid: process.pid, port: sandbox.port })}\n`);
} catch (error) {
  const reason = error instanceof SandboxConfigError || !(error instanceof Error) ? String(error) : error.stack;
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
