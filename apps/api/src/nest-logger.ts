import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@meshfleet/telemetry';

/** Nest's own messages in our log: what it does while starting is for debugging, what goes wrong is not. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => {
      logger.debug({ from: 'nest' }, String(message));
    },
    debug: (message: unknown) => {
      logger.trace({ from: 'nest' }, String(message));
    },
    verbose: (message: unknown) => {
      logger.trace({ from: 'nest' }, String(message));
    },
    warn: (message: unknown) => {
      logger.warn({ from: 'nest' }, String(message));
    },
    error: (message: unknown, stack?: unknown) => {
      // What resolvers throw comes by here as well as to our mapper, which knows what is a fault and what is an answer.
      if (message instanceof Error) {
        logger.debug({ from: 'nest', err: message }, message.message);
        return;
      }
      logger.error({ from: 'nest', stack }, String(message));
    },
    fatal: (message: unknown) => {
      logger.fatal({ from: 'nest' }, String(message));
    },
  };
}
