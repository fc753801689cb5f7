import { EnvironmentFault } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { QueueBackendMismatch } from '@vibetribe/queue/claim-backend';
import { parseApiConfig } from './config.ts';
import { startApi } from './start-api.ts';

const nodeMajorMin = 24;

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    process.stderr.write(`VibeTribe needs Node ${nodeMajorMin} or newer; this is ${process.versions.node}.\n`);
    process.exit(1);
  }
  const config = parseApiConfig(process.env);
  const logger = createLogger({ app: 'api', level: config.logLevel });
  const api = await startApi(config, logger);
  // Whoever starts us waits for this line, whatever the log level.
  process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'api', pid: process.pid, port: api.port })}\n`);
  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    api[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  const isExpected = error instanceof EnvironmentFault || error instanceof QueueBackendMismatch;
  if (isExpected) process.stderr.write(`${error.message}\n`);
  else createLogger({ app: 'api', level: 'info' }).fatal({ err: error }, 'could not start');
  process.exit(1);
});
