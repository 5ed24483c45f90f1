// What blocks of the docs take for granted, as the test gives it to them.

import type { Server } from 'node:http';
import type { Express, Request, RequestHandler } from 'express';
import type { AuditRecord, authenticate, createGateway, proxyRouter } from 'gatewright';
import type { analytics } from 'gatewright/analytics';
import type { JwtOptions, SignatureKey } from 'gatewright/authenticate';
import type { circuitBreaker } from 'gatewright/circuit-breaker';
import type { StartOptions, startGateway } from 'gatewright/server';
import type { Redis } from 'ioredis';

declare module 'node:http' {
  interface IncomingMessage {
    /** As the types of many an authentication declare it. */
    user?: { id: string };
  }
}

declare global {
  interface Response {
    // biome-ignore lint/suspicious/noExplicitAny: as a browser's types have it
    json(): Promise<any>;
  }
  var app: Express;
  var handler: RequestHandler;
  var services: Record<string, string>;
  var redis: Redis;
  var logger: { info(): void; warn(): void; error(): void };
  var options: StartOptions & { redis: string };
  var guard: ReturnType<typeof authenticate>;
  var gateway: ReturnType<typeof createGateway>;
  var router: ReturnType<typeof proxyRouter>;
  var recorder: ReturnType<typeof analytics>;
  var breaker: ReturnType<typeof circuitBreaker>;
  var running: Awaited<ReturnType<typeof startGateway>>;
  var server: Server;
  var jwt: JwtOptions;
  var keys: Record<string, SignatureKey>;
  var pem: string;
  var publicKey: string;
  var targets: string[];
  var sessions: { find(name: unknown): Promise<{ id: string; plan: string; roles: string[] } | undefined> };
  var auditLog: { append(record: AuditRecord): void };
  var pino: Record<'info' | 'warn' | 'error', (details: unknown, message: string) => void>;
  var jsonwebtoken: { verify(token: unknown, key: string, options: object): Record<string, unknown> };
  var req: Request;
  var key: string;
  var ticket: string;
  var EventSource: new (url: string) => unknown;
  var WebSocket: new (url: string, protocols?: string[]) => unknown;
}
