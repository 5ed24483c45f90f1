import { isIP } from 'node:net';
import type { Candidate } from './balancer.js';
import { PeakEwma } from './peak-ewma.js';
import type { ResolvedTarget } from './target-options.js';

/** A target that comes back begins with so much of its weight. */
const COLD_SHARE = 0.1;

/** One upstream server: its address taken apart once, and how it is. */
export class Target implements Candidate {
  /** Its URL: origin and base path, and the Unix socket where there is one. */
  readonly id: string;
  /** For logs and `req.gateway.upstream`. */
  readonly origin: string;
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  /** Value of `Host`. */
  readonly host: string;
  /** Without a slash at the end; empty where there is none. */
  readonly basePath: string;
  readonly socketPath: string | undefined;
  readonly tls: ResolvedTarget['tls'];
  /** The name that TLS asks for (SNI) and that the certificate must have; empty where it is an address. */
  readonly serverName: string;
  readonly configuredWeight: number;

  /** Requests that run on it. */
  outstanding = 0;
  /** Whether health checks find it well. */
  healthy = true;
  /** Until when it is out for having failed requests, by this process's clock. */
  ejectedUntil = 0;
  /** Whether it gets no new requests. */
  draining = false;

  readonly #latency = new PeakEwma();
  readonly #now: () => number;
  #slowStartMs = 0;
  #backSince = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedTarget, now: () => number = () => performance.now()) {
    const { origin, protocol, hostname, port, host, pathname } = new URL(options.url);
    const secure = protocol === 'https:';
    this.origin = origin;
    this.protocol = secure ? 'https:' : 'http:';
    this.hostname = hostname.replace(/^\[|\]$/g, '');
    this.port = port === '' ? (secure ? 443 : 80) : Number(port);
    this.host = host;
    this.basePath = pathname.replace(/\/$/, '');
    this.socketPath = options.socketPath;
    this.tls = options.tls;
    this.serverName = options.tls?.servername ?? (isIP(this.hostname) ? '' : this.hostname);
    this.configuredWeight = options.weight;
    this.id = `${origin}${this.basePath}${options.socketPath ? `@${options.socketPath}` : ''}`;
    this.#now = now;
  }

  /** Whether it may be chosen. */
  get available(): boolean {
    if (!this.healthy || this.draining) return false;
    return this.ejectedUntil === 0 || this.ejectedUntil <= this.#now();
  }

  /** Its share of the requests: less than configured for a while after it has come back. */
  get weight(): number {
    if (this.#slowStartMs === 0) return this.configuredWeight;
    const share = (this.#now() - this.#backSince) / this.#slowStartMs;
    if (share < 1) return this.configuredWeight * Math.max(COLD_SHARE, share);
    this.#slowStartMs = 0;
    return this.configuredWeight;
  }

  get latencyMs(): number {
    return this.#latency.value(this.#now());
  }

  /** It took so long to begin an answer, or to fail. */
  observe(latencyMs: number, nowMs = this.#now()): void {
    this.#latency.observe(latencyMs, nowMs);
  }

  /** It is back, and is given its full share again only after so long. */
  warmUp(slowStartMs: number): void {
    this.#slowStartMs = slowStartMs;
    this.#backSince = this.#now();
  }
}
