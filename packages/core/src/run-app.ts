import { openLogStream, type StandardOutput } from '@vibetribe/observability/log-stream';
import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { OperatorError } from '@vibetribe/observability/operator-error';

type Process = Pick<NodeJS.Process, 'env' | 'exit' | 'on' | 'pid' | 'umask'> & {
  readonly stdout: StandardOutput;
  readonly stderr: Pick<NodeJS.WriteStream, 'write' | 'on'>;
};

/** How long the end of a process waits for whoever reads its log. */
const flushTimeoutMs = 2_000;

/**
 * The life of an app as a process: configuration, one JSON line when it is ready, a clean stop on SIGTERM or SIGINT (exit 0).
 * What keeps it from starting is told in a sentence where it is the operator's to mend, and logged otherwise (exit 1); so is a fault
 * that nobody caught. However it ends, its log is written out first.
 */
export async function runApp<Config extends { readonly logLevel: string }>(options: {
  readonly app: string;
  readonly process: Process;
  readonly parseConfig: (env: NodeJS.ProcessEnv) => Config;
  readonly start: (config: Config, logger: Logger) => Promise<AsyncDisposable & { readonly port: number }>;
}): Promise<void> {
  const { app, process: host } = options;
  // Whatever is written, by tools that it starts too, is its owner's alone.
  host.umask(0o077);
  const lines = openLogStream(host.stdout, app);
  const end = async (code: number) => {
    await lines.flush(flushTimeoutMs);
    host.exit(code);
  };
  // A terminal that is gone is no reason to fall over.
  host.stderr.on('error', () => undefined);
  endOnFault(host, createLogger({ app, level: 'fatal', destination: lines }), end);
  try {
    const config = options.parseConfig(host.env);
    const logger = createLogger({ app, level: config.logLevel, destination: lines });
    const running = await options.start(config, logger);
    stopOnSignal(host, running, logger, end);
    // Whoever starts us waits for this line, whatever the log level.
    lines.write(`${JSON.stringify({ msg: 'ready', app, pid: host.pid, port: running.port })}\n`);
  } catch (error) {
    if (error instanceof OperatorError) host.stderr.write(`${error.message}\n`);
    else createLogger({ app, level: 'info', destination: lines }).fatal({ err: error }, 'could not start');
    await end(1);
  }
}

/** Node itself would print everything that hangs on the error, rows and requests too. */
function endOnFault(host: Process, logger: Logger, end: (code: number) => Promise<void>): void {
  host.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'a fault that nobody caught ends the process');
    void end(1);
  });
}

function stopOnSignal(
  host: Process,
  running: AsyncDisposable,
  logger: Logger,
  end: (code: number) => Promise<void>,
): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    running[Symbol.asyncDispose]().then(
      () => end(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        return end(1);
      },
    );
  };
  host.on('SIGTERM', stop);
  host.on('SIGINT', stop);
}
