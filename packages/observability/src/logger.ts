import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger as PinoLogger,
  pino,
  stdTimeFunctions,
} from 'pino';
import { redactFields } from './redact-fields.ts';
import { scrubLine } from './scrub-line.ts';
import { serializeError } from './serialize-error.ts';

export type Logger = PinoLogger;

/** Where finished lines go. One that may drop some says how many it has. */
export interface LogDestination extends DestinationStream {
  readonly droppedLines?: number;
}

const destinationKey = Symbol('destination');

/** Lines that the logger's destination has dropped since the start. */
export function droppedLinesOf(logger: Logger): number {
  const destination: LogDestination | undefined = Reflect.get(logger, destinationKey);
  return destination?.droppedLines ?? 0;
}

/**
 * One JSON line for each event, on standard output unless a destination is given. Three nets for secrets: fields by their names, errors and
 * requests by serializers that pick what is safe, and finished lines by the forms that secrets have.
 * Fields named `err`, `req` and `res` are for errors, requests and replies.
 * @param level `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`
 */
export function createLogger({
  app,
  level,
  destination,
}: {
  readonly app: string;
  readonly level: string;
  readonly destination?: LogDestination | undefined;
}): Logger {
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactFields(fields, serialized),
    },
    serializers,
    hooks: { streamWrite: scrubLine },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  redactBindings(logger);
  // Children inherit it.
  Object.assign(logger, { [destinationKey]: destination });
  return logger.child({ app });
}

const serializers = {
  err: (error: unknown) =>
    error instanceof Error ? serializeError(error) : redactFields({ thrown: error }, new Set()),
  req: serializeRequest,
  res: (reply: { readonly statusCode?: unknown }) => ({ statusCode: reply.statusCode }),
};
const serialized: ReadonlySet<string> = new Set(Object.keys(serializers));

/** The path only: queries hold tickets, codes and cursors. */
function serializeRequest({
  id,
  method,
  url,
}: {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly url?: unknown;
}) {
  const path = typeof url === 'string' ? url.split(/[?#]/, 1)[0] : undefined;
  return { id: typeof id === 'string' || typeof id === 'number' ? id : undefined, method, path };
}

type Child = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;

/** Pino gives the fields of children to no formatter. Children inherit this method, so theirs pass here too. */
function redactBindings(logger: Logger): void {
  const pinoChild: Child = Reflect.get(logger, 'child');
  const child: Child = function child(bindings, options) {
    return pinoChild.call(this, redactFields(bindings, serialized), options);
  };
  Object.assign(logger, { child });
}
