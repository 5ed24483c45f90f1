/** Below which path the service is. */
export const PREFIX = '/api/kgot';

/** How many server-sent event streams are open at once. */
export const STREAMS = 1000;

/**
 * What is asked of each contender.
 *
 * @typedef {object} Shape
 * @property {string} name
 * @property {string} title
 * @property {string} operation what CPU is counted for
 * @property {'wrk' | 'streams' | 'sockets'} load
 * @property {string} path
 * @property {'GET' | 'POST'} method
 * @property {number} bytes of the answer
 * @property {number} refused which part of the requests is refused
 */

/** @param {Partial<Shape> & Pick<Shape, 'name' | 'title'>} shape @returns {Shape} */
const shape = (shape) => ({
  operation: 'request',
  load: 'wrk',
  path: `${PREFIX}/1k`,
  method: 'GET',
  bytes: 1024,
  refused: 0,
  ...shape,
});

export const shapes = [
  shape({ name: 'get-1k', title: 'GET of 1 KB' }),
  shape({ name: 'post-1k', title: 'POST of 1 KB', method: 'POST', path: `${PREFIX}/post` }),
  shape({ name: 'get-16k', title: 'GET of 16 KB', path: `${PREFIX}/16k`, bytes: 16 * 1024 }),
  shape({ name: 'get-1m', title: 'GET of 1 MB', path: `${PREFIX}/1m`, bytes: 1024 * 1024 }),
  shape({
    name: 'sse',
    title: `Server-sent events, ${STREAMS} streams open`,
    operation: 'event',
    load: 'streams',
    path: `${PREFIX}/events`,
  }),
  shape({
    name: 'websocket',
    title: 'WebSocket echo of 64 bytes',
    operation: 'message',
    load: 'sockets',
    path: `${PREFIX}/socket`,
  }),
  shape({ name: 'refused', title: 'GET of 1 KB, 9 of 10 requests over their limit (429)', refused: 0.9 }),
];

/** @param {string} name or `all` @returns {readonly Shape[]} */
export function shapesNamed(name) {
  const found = name === 'all' ? shapes : shapes.filter((shape) => shape.name === name);
  if (found.length === 0)
    throw new Error(
      `--shape must be all or one of ${shapes.map(({ name }) => name).join(', ')}, got ${name}`,
    );
  return found;
}
