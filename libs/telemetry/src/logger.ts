import pino from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { redact, redactText } from './redact.ts';

/** `log.info({ clusterId }, 'cluster enrolled')`: fields first, then what happened. JSON lines on stderr. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  /** `trace` to `fatal`, or `silent`; default: LOG_LEVEL, else `info`. */
  readonly level?: string;
  /** Where lines go; default: stderr. */
  readonly destination?: DestinationStream;
}

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

/** A logger whose lines carry the process's name, the trace they belong to, and no secret. */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const wanted = (options.level ?? process.env['LOG_LEVEL'] ?? 'info').toLowerCase();
  const logger = pino(
    {
      name,
      level: LEVELS.has(wanted) ? wanted : 'info',
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      // The formatter has made errors plain already.
      serializers: { err: (error: unknown) => error },
      mixin: traceFields,
      hooks: {
        logMethod(given, method) {
          const [first] = given as unknown[];
          const parts: unknown[] = first instanceof Error && given.length === 1 ? [{ err: first }, first.message] : given;
          method.apply(this, parts.map((part) => (typeof part === 'string' ? redactText(part) : part)) as typeof given);
        },
      },
    },
    options.destination ?? linesOnStderr(),
  );
  return redactChildren(logger);
}

const MOST_UNWRITTEN_BYTES = 1024 * 1024;

/** Lines that a full disk does not take are kept until it does, up to a bound, and are nobody else's trouble. */
function linesOnStderr(): DestinationStream {
  // Synchronous: the last words of a process that dies are the ones that are needed.
  const lines = pino.destination({ dest: 2, sync: true, maxLength: MOST_UNWRITTEN_BYTES });
  lines.on('error', () => undefined);
  return lines;
}

/** pino writes the fields of a child as they are, once, when it is made: they are cleaned on the way in. */
function redactChildren(logger: Logger): Logger {
  const child = logger.child.bind(logger);
  const redacting = (bindings: pino.Bindings, options?: pino.ChildLoggerOptions): Logger =>
    redactChildren(child(redact(bindings) as pino.Bindings, options));
  logger.child = redacting as unknown as Logger['child']; // generic in levels of one's own, which nobody here has
  return logger;
}

function traceFields(): Record<string, string> {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? { traceId: context.traceId, spanId: context.spanId } : {};
}
