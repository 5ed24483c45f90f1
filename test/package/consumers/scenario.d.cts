import type { Server } from 'node:http';
import type { Gateway, GatewayOptions, Listener } from 'gatewright' with { 'resolution-mode': 'import' };

export function drive(
  createGateway: (options: GatewayOptions) => Gateway,
  mount: (gateway: Gateway) => Listener | Server | Promise<Listener | Server>,
): Promise<void>;
