import { redact, redactText } from './redact.js';

/** What a line is about, where it is no line of the gateway's own: it is written at any level. */
export type LogChannel = 'access' | 'audit';

/** One line of a log. */
export interface LogEntry {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly details?: unknown;
  readonly channel?: LogChannel | undefined;
  /** The line itself, where its format is somebody else's. */
  readonly text?: string | undefined;
}

/** Writes an entry without its line end. */
export type LogFormat = (entry: LogEntry, time: Date) => string;

/** One JSON object: `timestamp`, `level`, `message`, `channel` where there is one, then the details. */
export function jsonFormat(withStacks: boolean): LogFormat {
  return ({ level, message, channel, details, text }, time) => {
    if (text !== undefined) return text;
    const own: Record<string, unknown> = {
      timestamp: time.toISOString(),
      level,
      message: redactText(message),
      ...(channel !== undefined && { channel }),
    };
    // A detail that has the name of what is the line's own keeps its value under another one.
    for (const [name, value] of Object.entries(fieldsOf(details, withStacks)))
      own[name in own ? `${name}_` : name] = value;
    return JSON.stringify(own);
  };
}

const colors: Readonly<Record<LogEntry['level'], number>> = { error: 31, warn: 33, info: 32, debug: 90 };

/** For people: time of day, level, message, and details as `name=value`. */
export function prettyFormat(withStacks: boolean, isColored: boolean): LogFormat {
  const paint = (code: number, text: string): string =>
    isColored ? `\u001B[${code}m${text}\u001B[0m` : text;
  return ({ level, message, details, text }, time) => {
    if (text !== undefined) return text;
    const { stack, ...fields } = fieldsOf(details, withStacks);
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => paint(90, `${name}=`) + printable(valueText(value)));
    const clock = time.toTimeString().slice(0, 8);
    const label = paint(colors[level], level.toUpperCase().padEnd(5));
    const line = [paint(90, clock), label, printable(redactText(message)), ...pairs].join(' ');
    return typeof stack === 'string' ? `${line}\n${stack}` : line;
  };
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}

function fieldsOf(details: unknown, withStacks: boolean): Record<string, unknown> {
  const fields = redact(details, withStacks);
  if (fields === undefined || fields === null) return {};
  return typeof fields === 'object' && !Array.isArray(fields)
    ? (fields as Record<string, unknown>)
    : { details: fields };
}

/** Nobody who sends requests may write lines or colors of their own. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, (character) =>
    JSON.stringify(character).slice(1, -1),
  );
}
