export type { Output, Surroundings } from './console.js';
export { exitCode } from './exit-code.js';
export { run } from './run.js';
