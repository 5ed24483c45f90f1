export { createGateway, type Gateway, type Listener } from './create-gateway.js';
export type { Reloaded } from './generations.js';
export type {
  CorsOptions,
  EndpointsOptions,
  GatewayOptions,
  GatewayServiceOptions,
  GatewayServicesOptions,
} from './options.js';
