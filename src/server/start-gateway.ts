import cluster from 'node:cluster';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { processMetrics } from '../analytics/index.js';
import { silentLogger } from '../core/logger.js';
import { checkOptions } from '../core/options.js';
import { createGateway, type Gateway, type GatewayOptions, type Reloaded } from '../gateway/index.js';
import { readCertificates, watchCertificates } from './certificates.js';
import { Connections } from './connections.js';
import { Drain } from './drain.js';
import { type AnyServer, createHttpServer } from './http-server.js';
import { listen } from './listen.js';
import { type ResolvedServer, type StartOptions, startSchema } from './options.js';
import { WorkerMetrics } from './worker-metrics.js';

const never = new Promise<never>(() => undefined);

/** A gateway that listens. */
export interface RunningGateway {
  readonly gateway: Gateway;
  readonly server: AnyServer;
  /** Where it listens, such as `http://127.0.0.1:8080`, or the path of a Unix socket. */
  readonly url: string;
  /** Reads certificates anew; they hold for new connections. Wrong ones are logged, and the old ones stay. */
  reloadCertificates(): void;
  /**
   * Takes other options over, as `gateway.reload()` does; where and how it listens needs a restart.
   *
   * @throws ConfigError naming every wrong option; nothing has changed then
   */
  reload(options: StartOptions): Reloaded;
  /**
   * Drains it: says that it is not ready, takes no connections after `drainDelayMs`, lets what runs end for
   * `drainTimeoutMs`, closes WebSockets with the code 1001, flushes. Called again it cuts what is left.
   */
  close(): Promise<void>;
}

/**
 * Makes a gateway and a server of its own for it, and listens.
 *
 * @throws ConfigError naming every wrong option; ListenError where the address cannot be had
 */
export async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { host: _host, port: _port, server: _server, ...own } = options;
  const resolved = checkOptions('', startSchema, options);
  const { host, port, server: config, logger = silentLogger } = resolved;
  const certificates = config.tls && readCertificates(config.tls);
  const workers = cluster.isWorker ? new WorkerMetrics(() => metricsOf(gateway)) : undefined;
  const gateway = createGateway(gathering(own, workers));
  workers?.open();
  const drain = new Drain();
  const server = createHttpServer(config, certificates, (req, res) => {
    drain.watch(req, res);
    gateway.listener(req, res);
  });
  const connections = connectionsOf(server, config);
  const detach = gateway.attach(server);
  try {
    await listen(server, { host, port, socketPath: config.socketPath });
  } catch (error) {
    connections.close();
    workers?.close();
    await gateway.close();
    throw error;
  }
  // Such as memory that is lacking for a further connection: those that there are go on.
  server.on('error', (error: Error) => logger.error('A connection failed', { error: error.message }));
  const tls =
    config.tls &&
    watchCertificates(config.tls, logger, (fresh) => (server as HttpsServer).setSecureContext(fresh));

  async function drained(): Promise<void> {
    tls?.close();
    gateway.drain();
    if (config.drainDelayMs > 0) await drain.within(config.drainDelayMs, never);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    detach();
    connections.closeSessions();
    drain.begin(server);
    const ended = Promise.all([drain.ended(), gateway.closeWebSockets()]);
    await drain.within(config.drainTimeoutMs, ended);
    connections.destroy();
    connections.close();
    await Promise.all([closed, ended]);
    await gateway.close(); // What was cut just now is settled and recorded.
    workers?.close();
  }

  function reload(wanted: StartOptions): Reloaded {
    const next = checkOptions('', startSchema, wanted);
    const { host: _host, port: _port, server: _server, ...fresh } = wanted;
    const { changed, restart } = gateway.reload(gathering(fresh, workers));
    const moved = (['host', 'port', 'server'] as const).filter(
      (name) => !isDeepStrictEqual(resolved[name], next[name]),
    );
    return { changed, restart: [...restart, ...moved] };
  }

  let closing: Promise<void> | undefined;
  function close(): Promise<void> {
    if (closing) drain.hurry();
    closing ??= drained();
    return closing;
  }

  return {
    gateway,
    server,
    url: urlOf(server, config),
    reloadCertificates: () => tls?.reload(),
    reload,
    close,
  };
}

function connectionsOf(server: AnyServer, { sendTimeoutMs }: ResolvedServer): Connections {
  const connections = new Connections(sendTimeoutMs);
  server.on('connection', (socket) => connections.add(socket));
  server.on('session', (session) => connections.addSession(session));
  return connections;
}

function urlOf(server: AnyServer, { socketPath, tls }: ResolvedServer): string {
  if (socketPath !== undefined) return socketPath;
  const { address, port } = server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

async function metricsOf({ analytics }: Gateway) {
  return analytics ? processMetrics(analytics.registry) : [];
}

/** One of several workers shows what all of them have counted. */
function gathering(options: GatewayOptions, workers: WorkerMetrics | undefined): GatewayOptions {
  const { analytics } = options;
  if (workers === undefined || analytics === false) return options;
  return { ...options, analytics: { gather: workers.gather, ...analytics } };
}
