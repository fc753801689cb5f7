import closeWithGrace from 'close-with-grace';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`The sandbox needs Node 24 or newer; this is ${process.version}.\n`);
  process.exit(1);
}

// What platforms would keep to themselves is nobody else's on this machine.
process.umask(0o077);

const [{ readSandboxConfig, SandboxConfigError }, { startSandbox }] = await Promise.all([
  import('./config.ts'),
  import('./start-sandbox.ts'),
]);

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
