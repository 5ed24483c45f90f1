export type { TracingOptions } from './options.js';
export { tracing } from './tracing.js';
