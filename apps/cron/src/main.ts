import { EnvironmentFault } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { QueueBackendMismatch } from '@vibetribe/queue/claim-backend';
import { parseCronConfig } from './config.ts';
import { startCron } from './start-cron.ts';

const nodeMajorMin = 24;

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    process.stderr.write(`VibeTribe needs Node ${nodeMajorMin} or newer; this is ${process.versions.node}.\n`);
    process.exit(1);
  }
  const config = parseCronConfig(process.env);
  const logger = createLogger({ app: 'cron', level: config.logLevel });
  const cron = await startCron(config, logger);
  // Whoever starts us waits for this line, whatever the log level.
  process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'cron', pid: process.pid, port: cron.port })}\n`);
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping');
    cron[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const expected = error instanceof EnvironmentFault || error instanceof QueueBackendMismatch;
  if (expected) process.stderr.write(`${error.message}\n`);
  else createLogger({ app: 'cron', level: 'info' }).fatal({ err: error }, 'could not start');
  process.exit(1);
});
