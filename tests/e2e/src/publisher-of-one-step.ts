import { createLogger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';

/** A publisher that is killed at the first of the failpoints of `KILL_AT`. */
const killAt = new Set(process.env['KILL_AT']?.split(','));
const config = parsePublisherConfig(process.env);
const publisher = await startPublisher(config, createLogger({ app: 'publisher', level: config.logLevel }), {
  has: () => true,
  reach(name) {
    if (!killAt.has(name)) return Promise.resolve();
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way: nothing after this line may run.
    return new Promise(() => undefined);
  },
});
process.stdout.write(`${JSON.stringify({ msg: 'ready', app: 'publisher', pid: process.pid, port: publisher.port })}\n`);
process.once('SIGTERM', () => {
  publisher[Symbol.asyncDispose]().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
