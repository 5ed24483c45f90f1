import type { EventEmitter } from 'node:events';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { isBelow } from '../core/path.js';
import { answerTo } from './pending-upgrade.js';
import { isWebSocketRequest, serveAsRequest } from './upgrade-request.js';

/** A server that tells of upgrades; one of HTTP/2 does so of its HTTP/1.1 clients. */
export type UpgradeServer = HttpServer | HttpsServer | Http2SecureServer;

/** How upgrades reach a gateway or router. */
export interface AttachOptions {
  /** The path that an app has mounted it at, such as `/v1`. Default: none. */
  readonly path?: string | undefined;
  /** The app that upgrades pass through, as requests do, to where it is mounted. Default: they go to it directly. */
  readonly through?: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
}

/** What takes the upgrades. */
export interface UpgradeHandler {
  /** Whether one is for a service. */
  matches(req: Pick<IncomingMessage, 'url' | 'method' | 'headers'>): boolean;
  serve(req: IncomingMessage, res: ServerResponse): void;
}

type UpgradeListener = (req: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Node's own, of names and values together 2,000. */
const DEFAULT_MAX_HEADERS = 1000;

const ownListeners = new WeakSet<object>();
const taken = new WeakSet<IncomingMessage>();

/** The servers whose upgrades go to one handler. */
export class Attachments {
  readonly #handler: UpgradeHandler;
  readonly #detach = new Map<EventEmitter, () => void>();

  constructor(handler: UpgradeHandler) {
    this.#handler = handler;
  }

  /** Listens to the upgrades of a server, once. @returns stops it */
  attach(server: UpgradeServer, options: AttachOptions = {}): () => void {
    const known = this.#detach.get(server);
    if (known) return known;
    const emitter: EventEmitter = server;
    const listener = upgradeListener(emitter, this.#handler, options);
    ownListeners.add(listener);
    const detach = (): void => {
      emitter.off('upgrade', listener);
      this.#detach.delete(server);
    };
    this.#detach.set(server, detach);
    emitter.on('upgrade', listener);
    return detach;
  }

  close(): void {
    for (const detach of this.#detach.values()) detach();
  }
}

function upgradeListener(
  server: EventEmitter,
  handler: UpgradeHandler,
  { path, through }: AttachOptions,
): UpgradeListener {
  const mount = path?.replace(/\/$/, '') ?? '';

  /** The request target as it is below the mount; undefined where it is not. */
  function below({ url = '/' }: IncomingMessage): string | undefined {
    if (mount === '') return url;
    if (!isBelow(url.split('?', 1)[0] as string, mount)) return undefined;
    const rest = url.slice(mount.length);
    return rest.startsWith('/') ? rest : `/${rest}`;
  }

  function open(req: IncomingMessage, socket: Socket, head: Buffer, url: string): void {
    const res = answerTo(req, socket, head);
    if (through) {
      through(req, res);
      return;
    }
    if (mount !== '') Object.assign(req, { originalUrl: req.url, baseUrl: mount, url });
    handler.serve(req, res);
  }

  return function takeUpgrade(req, socket, head) {
    if (taken.has(req) || socket.destroyed) return;
    const url = below(req);
    const isOurs = url !== undefined && handler.matches({ url, method: req.method, headers: req.headers });
    if (!isOurs && isForOthers(server, takeUpgrade)) return;
    taken.add(req);
    if (isOccupied(socket) || isTruncated(server, req)) socket.destroy();
    else if (isOurs && isWebSocketRequest(req)) open(req, socket, head, url);
    else serveAsRequest(server, req, socket, head);
  };
}

/** Whether somebody else may want what is for no service here: an app, or another gateway that is yet to be asked. */
function isForOthers(server: EventEmitter, self: UpgradeListener): boolean {
  const listeners = server.listeners('upgrade');
  return listeners.some((each) => !ownListeners.has(each)) || listeners.at(-1) !== self;
}

/** Node leaves out fields beyond a number, without which a request can't be given back as it was. */
function isTruncated(server: EventEmitter, { rawHeaders }: IncomingMessage): boolean {
  const most = (server as Partial<HttpServer>).maxHeadersCount ?? DEFAULT_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}

/** Whether an answer to an earlier request is still on its way, into which what follows would be mixed. */
function isOccupied(socket: Socket): boolean {
  return (socket as { _httpMessage?: unknown })._httpMessage != null;
}
