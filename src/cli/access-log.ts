import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import { pathOf } from '../core/path.js';
import type { ResolvedAccessLog } from './logging-options.js';
import type { Logs } from './logs.js';

/**
 * Writes a line for each request when its response has ended, whoever answered it. It listens to the server, as
 * request events have neither a path nor an agent.
 *
 * @param random from 0 to 1, below 1
 * @returns ends it
 */
export function accessLog(
  server: Pick<Server, 'on' | 'off'>,
  { format, sample }: ResolvedAccessLog,
  logs: Pick<Logs, 'write'>,
  random: () => number = Math.random,
): () => void {
  const write = (req: IncomingMessage, res: ServerResponse, path: string, startedAt: number): void => {
    const isFailure = res.statusCode >= 500;
    if (sample < 1 && !isFailure && random() >= sample) return;
    const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
    if (format === 'combined')
      logs.write('access', 'request', undefined, combinedLine(req, res, path, new Date()));
    else logs.write('access', 'request', accessFields(req, res, path, durationMs));
  };
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    const startedAt = performance.now();
    // Now: what is forwarded is rewritten on its way.
    const path = pathOf(req.url ?? '').slice(0, MAX_FIELD);
    res.once('close', () => {
      try {
        write(req, res, path, startedAt);
      } catch {
        // A line is not worth a request.
      }
    });
  };
  server.on('request', listener);
  return () => server.off('request', listener);
}

/** The line of Apache and nginx. The query is left out, as it may have secrets in it. */
function combinedLine(req: IncomingMessage, res: ServerResponse, path: string, time: Date): string {
  const context = req.gateway;
  const user = context?.identity && context.identity.method !== 'anonymous' ? context.subject : '-';
  const request = `${req.method} ${path} HTTP/${req.httpVersion}`;
  const { referer, 'user-agent': agent } = req.headers;
  return [
    context?.clientIp ?? req.socket.remoteAddress ?? '-',
    '-',
    escaped(user).replaceAll(' ', '_'),
    `[${clfTime(time)}]`,
    `"${escaped(request)}"`,
    statusOf(context, res),
    lengthOf(res) ?? '-',
    `"${escaped(withoutQuery(referer))}"`,
    `"${escaped(agent)}"`,
  ].join(' ');
}

function accessFields(req: IncomingMessage, res: ServerResponse, path: string, durationMs: number): object {
  const context = req.gateway;
  return {
    requestId: context?.id,
    clientIp: context?.clientIp,
    subject: context?.subject,
    service: context?.service?.name,
    method: req.method,
    path,
    httpVersion: req.httpVersion,
    status: statusOf(context, res),
    ending: context?.outcome.ending,
    durationMs,
    bytes: lengthOf(res),
    cost: context?.cost?.actual ?? context?.cost?.estimated,
    refusal: context?.refusal?.code,
    referer: withoutQuery(req.headers.referer),
    userAgent: req.headers['user-agent']?.slice(0, MAX_FIELD),
  };
}

/** What clients send is theirs to make long. */
const MAX_FIELD = 1024;

function statusOf(context: GatewayContext | undefined, res: ServerResponse): number {
  return context?.outcome.status ?? res.statusCode;
}

/** What the response says that its body has; unknown for a stream. */
function lengthOf(res: ServerResponse): number | undefined {
  const length = Number(res.getHeader('content-length') ?? Number.NaN);
  return Number.isSafeInteger(length) ? length : undefined;
}

function withoutQuery(url: string | undefined): string | undefined {
  return url
    ?.replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/, '//')
    .slice(0, MAX_FIELD);
}

/** As Apache does it: nobody can end a field, or a line, by what they send. */
function escaped(text: string | undefined): string {
  return (text ?? '-')
    .slice(0, MAX_FIELD)
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function clfTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${date}:${time.toISOString().slice(11, 19)} +0000`;
}
