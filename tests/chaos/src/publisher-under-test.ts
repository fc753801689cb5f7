import { createLogger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';
import { createTestFailpoints } from './test-failpoints.ts';

/** The publisher, with failpoints and without protections as its environment says. Production's main.ts knows nothing of either. */
const { TEST_FAILPOINTS = '', TEST_WITHOUT = '', TEST_CONTROL_URL } = process.env;
const config = parsePublisherConfig(process.env);
const logger = createLogger({ app: 'publisher', level: config.logLevel });
const publisher = await startPublisher(
  config,
  logger,
  createTestFailpoints({
    failpoints: TEST_FAILPOINTS,
    without: TEST_WITHOUT,
    async tellLose(name) {
      const answer = await fetch(`${TEST_CONTROL_URL}/lose/${encodeURIComponent(name)}`, { method: 'POST' });
      if (!answer.ok) throw new Error(`the harness answered ${answer.status}`);
    },
  }),
);
process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'publisher', pid: process.pid, port: publisher.port })}\n`);
process.once('SIGTERM', () => {
  publisher[Symbol.asyncDispose]().then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error({ err: error }, 'stopping failed');
      process.exit(1);
    },
  );
});
