import winston from 'winston';
import type { Logger } from '../core/logger.js';
import { AuditFile } from './audit-file.js';
import type { Surroundings } from './console.js';
import { jsonFormat, type LogChannel, type LogEntry, type LogFormat, prettyFormat } from './log-line.js';
import { LogStream } from './log-stream.js';
import { logStreamOf, type ResolvedLogging } from './logging-options.js';

/** What lines go through. */
export interface Logs {
  readonly logger: Logger & { debug(message: string, details?: Record<string, unknown>): void };
  /** Writes a line at any level. */
  write(channel: LogChannel, message: string, details?: unknown, text?: string): void;
  /** Whether lines are for people. */
  readonly isPretty: boolean;
  /** The least urgent lines that are written. */
  level: ResolvedLogging['level'];
  /** Opens files anew, after somebody has moved them away. */
  reopen(): void;
  /** Writes what waits. Lines after it go to the standard output alone. */
  close(): Promise<void>;
}

/** Where winston keeps a line that is ready. */
const MESSAGE = Symbol.for('message');

/** Channels are never below the level. */
const levels = { access: 0, audit: 0, error: 0, warn: 1, info: 2, debug: 3 };

/**
 * Makes the logger of a process: to the standard output, and to a Redis stream if it is wanted. Whatever becomes of a
 * line, whoever logs it never hears of it.
 *
 * @param redisUrl the gateway's Redis
 */
export function createLogs(
  options: ResolvedLogging,
  { stdout, env }: Pick<Surroundings, 'stdout' | 'env'>,
  { debug = false, json = false, redisUrl }: { debug?: boolean; json?: boolean; redisUrl?: string } = {},
): Logs {
  const isPretty =
    !json && (options.format === 'pretty' || (options.format === 'auto' && stdout.isTTY === true));
  const isColored = stdout.isTTY === true && !env['NO_COLOR'];
  const shown = isPretty ? prettyFormat(debug, isColored) : jsonFormat(debug);
  const logger = winston.createLogger({
    levels,
    level: options.level,
    format: winston.format((info) => info)(),
    transports: [
      new winston.transports.Stream({ stream: stdout as NodeJS.WritableStream, format: formatted(shown) }),
    ],
  });
  logger.on('error', () => undefined);

  const log = (entry: LogEntry): void => {
    try {
      // winston would take a detail called `message` or `level` for its own.
      logger.log({ level: entry.channel ?? entry.level, message: entry.message, entry });
    } catch {
      // A line is not worth a request.
    }
  };
  const at = (level: LogEntry['level']) => (message: string, details?: Record<string, unknown>) =>
    log({ level, message, details });
  const own = { info: at('info'), warn: at('warn'), error: at('error'), debug: at('debug') };

  const stream = streamOf(options, redisUrl, own);
  const transport = stream && new winston.transports.Stream({ stream, format: formatted(jsonFormat(debug)) });
  if (transport) logger.add(transport);
  const audit = options.audit === 'log' ? undefined : new AuditFile(options.audit.file, own);
  const auditFormat = jsonFormat(debug);

  return {
    logger: own,
    isPretty,
    write(channel, message, details, text) {
      const entry: LogEntry = { level: 'info', channel, message, details, text };
      if (channel === 'audit' && audit) audit.write(auditFormat(entry, new Date()));
      else log(entry);
    },
    get level() {
      return logger.level as ResolvedLogging['level'];
    },
    set level(level) {
      logger.level = level;
    },
    reopen: () => audit?.reopen(),
    async close() {
      if (transport) logger.remove(transport);
      await Promise.all([stream?.close(), audit?.close()]);
    },
  };
}

function formatted(format: LogFormat): winston.Logform.Format {
  return winston.format((info) => {
    const entry = info['entry'] as LogEntry;
    (info as Record<symbol, unknown>)[MESSAGE] = format(entry, new Date());
    return info;
  })();
}

function streamOf(
  options: ResolvedLogging,
  redisUrl: string | undefined,
  logger: Logger,
): LogStream | undefined {
  const settings = logStreamOf(options);
  const url = settings?.url ?? redisUrl;
  if (settings === undefined) return undefined;
  if (url === undefined) {
    logger.warn('Lines do not go to Redis: neither `logging.redis.url` nor `redis` says where it is');
    return undefined;
  }
  return new LogStream({ ...settings, url }, (lost) =>
    logger.warn('Lines were lost on their way to Redis', { lost }),
  );
}
