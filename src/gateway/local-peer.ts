import type { IncomingMessage } from 'node:http';
import type { Middleware } from '../core/middleware.js';

const loopback = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/;

/** Fields that a proxy adds: with one of them, the peer speaks for somebody else. */
const forwarding = [
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'via',
  'x-forwarded-host',
  'x-forwarded-proto',
];

/** Whether a request comes from this machine itself, and not through a proxy on it. */
export function isLocalPeer(req: IncomingMessage): boolean {
  const address = req.socket.remoteAddress ?? '';
  return loopback.test(address) && forwarding.every((name) => req.headers[name] === undefined);
}

/** Asks a guard about everyone but a local peer. */
export function unlessLocal(guard: Middleware): Middleware {
  return function unlessLocalPeer(req, res, next) {
    if (isLocalPeer(req)) next();
    else guard(req, res, next);
  };
}
