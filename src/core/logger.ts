/**
 * What gatewright logs to. A winston, pino or console logger fits it. Every factory is silent without one.
 */
export interface Logger {
  /** Something that an operator may want to know, such as a change of state. */
  info(message: string, details?: Record<string, unknown>): void;
  /** Something that works, but not as it should. */
  warn(message: string, details?: Record<string, unknown>): void;
  /** Something that failed. */
  error(message: string, details?: Record<string, unknown>): void;
}

const ignore = (): void => undefined;

/** The logger that every factory has by default. */
export const silentLogger: Logger = { info: ignore, warn: ignore, error: ignore };
