export { createGateway, type Gateway, type Listener } from './create-gateway.js';
export type { CorsOptions, EndpointsOptions, GatewayOptions } from './options.js';
