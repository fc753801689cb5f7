import { EnvironmentFault } from '@vibetribe/core/parse-environment';
import { createLogger } from '@vibetribe/observability/logger';
import { QueueBackendMismatch } from '@vibetribe/queue/claim-backend';
import { parsePublisherConfig } from './config.ts';
import { startPublisher } from './start-publisher.ts';

const nodeMajorMin = 24;

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    process.stderr.write(`VibeTribe needs Node ${nodeMajorMin} or newer; this is ${process.versions.node}.\n`);
    process.exit(1);
  }
  const config = parsePublisherConfig(process.env);
  const logger = createLogger({ app: 'publisher', level: config.logLevel });
  const publisher = await startPublisher(config, logger);
  // Whoever starts us waits for this line, whatever the log level.
  process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'publisher', pid: process.pid, port: publisher.port })}\n`);
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping');
    publisher[Symbol.asyncDispose]().then(
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
  else createLogger({ app: 'publisher', level: 'info' }).fatal({ err: error }, 'could not start');
  process.exit(1);
});
