import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';

type Process = Pick<NodeJS.Process, 'env' | 'exit' | 'on' | 'pid' | 'stderr' | 'stdout' | 'versions'>;

const nodeMajorMin = 24;

/**
 * The life of an app as a process: configuration, one JSON line when it is ready, a clean stop on SIGTERM or SIGINT (exit 0).
 * What keeps it from starting is told in a sentence where it is the operator's to mend, and logged otherwise (exit 1).
 */
export async function runApp<Config extends { readonly logLevel: string }>(options: {
  readonly app: string;
  readonly process: Process;
  readonly parseConfig: (env: NodeJS.ProcessEnv) => Config;
  readonly start: (config: Config, logger: Logger) => Promise<AsyncDisposable & { readonly port: number }>;
}): Promise<void> {
  const { app, process: host } = options;
  if (Number(host.versions.node.split('.')[0]) < nodeMajorMin) {
    host.stderr.write(`VibeTribe needs Node ${nodeMajorMin} or newer; this is ${host.versions.node}.\n`);
    host.exit(1);
  }
  try {
    const config = options.parseConfig(host.env);
    const logger = createLogger({ app, level: config.logLevel });
    const running = await options.start(config, logger);
    stopOnSignal(host, running, logger);
    // Whoever starts us waits for this line, whatever the log level.
    host.stdout.write(`${JSON.stringify({ msg: 'ready', app, pid: host.pid, port: running.port })}\n`);
  } catch (error) {
    if (error instanceof OperatorError) host.stderr.write(`${error.message}\n`);
    else createLogger({ app, level: 'info' }).fatal({ err: error }, 'could not start');
    host.exit(1);
  }
}

function stopOnSignal(host: Process, running: AsyncDisposable, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    running[Symbol.asyncDispose]().then(
      () => host.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        host.exit(1);
      },
    );
  };
  host.on('SIGTERM', stop);
  host.on('SIGINT', stop);
}
