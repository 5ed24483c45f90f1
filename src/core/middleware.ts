import type { IncomingMessage, ServerResponse } from 'node:http';

/** Passes the request on; with an argument, passes an error on. */
export type Next = (error?: unknown) => void;

/**
 * A Connect-shaped middleware. It uses `node:http` API alone, so it runs unchanged in Express 5, Express 4,
 * the `router` package, a bare `http.createServer` and Node's HTTP/2 compatibility API.
 */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;
