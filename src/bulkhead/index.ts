export { type BulkheadMiddleware, type BulkheadState, bulkhead } from './bulkhead.js';
export type { BulkheadLimits, BulkheadOptions } from './options.js';
