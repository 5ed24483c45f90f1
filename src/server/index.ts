export { ListenError } from './listen.js';
export type { ServerOptions, StartOptions, TlsOptions } from './options.js';
export { type RunningGateway, startGateway } from './start-gateway.js';
export { assertShareable, startWorkers, type Workers, type WorkersOptions } from './workers.js';
