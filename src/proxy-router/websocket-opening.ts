import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayContext, WebSocketEnd } from '../core/context.js';
import type { PendingUpgrade } from './pending-upgrade.js';
import { WebSocketTunnel } from './websocket-tunnel.js';
import type { WebSocketTunnels } from './websocket-tunnels.js';

/** What asks an upstream for a WebSocket: fields that are about one connection, and so are written for each. */
export const upgradeFields = { connection: 'Upgrade', upgrade: 'websocket' } as const;

/** A request for a WebSocket, and the open ones that it will be among. */
export interface WebSocketOpening {
  readonly pending: PendingUpgrade;
  readonly tunnels: WebSocketTunnels;
}

/** The upstream's side of a WebSocket that it has just opened. */
export interface OpenedWebSocket {
  readonly socket: Socket;
  readonly first: Buffer;
  readonly idleMs: number;
  /** It broke later. */
  onBroken(cause: Error): void;
}

/** Sends the 101 whose fields the response holds, and connects both sides. */
export function openWebSocket(
  { pending, tunnels }: WebSocketOpening,
  context: GatewayContext,
  res: ServerResponse,
  { socket, first, idleMs, onBroken }: OpenedWebSocket,
): void {
  const tunnel = new WebSocketTunnel(pending.socket, socket, idleMs, (end) => {
    tunnels.delete(tunnel);
    settle(context, end, onBroken);
  });
  context.webSocket = tunnel;
  res.removeHeader('Content-Length'); // RFC 9110, section 8.6.
  res.setHeader('Connection', upgradeFields.connection);
  res.setHeader('Upgrade', upgradeFields.upgrade);
  res.writeHead(101);
  res.flushHeaders();
  res.detachSocket(pending.socket);
  tunnels.add(tunnel);
  tunnel.start({ ofClient: pending.accept(), ofUpstream: [first] });
}

function settle({ outcome }: GatewayContext, end: WebSocketEnd, onBroken: (cause: Error) => void): void {
  if (end === 'upstream_broke') {
    const cause = new Error('The upstream cut a WebSocket');
    outcome.fail(cause);
    onBroken(cause);
  }
  outcome.settle(end === 'client_gone' || end === 'upstream_broke' ? 'aborted' : 'finished');
}
