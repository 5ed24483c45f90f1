import { RequestError, sendJson } from './json.js';

/** @import { IncomingMessage, RequestListener, ServerResponse } from 'node:http' */

/**
 * Answers one request; what it throws is answered by {@link jsonService}.
 * @typedef {(req: IncomingMessage, res: ServerResponse, query: URLSearchParams) => void | Promise<void>} Handler
 */

/**
 * A request listener for a table of handlers by `"METHOD /path"`. No request is left hanging and none crashes
 * the process: an unknown path is answered with 404, what a handler throws with its status or 500.
 * @param {Readonly<Record<string, Handler>>} handlers
 * @returns {RequestListener}
 */
export function jsonService(handlers) {
  return async function jsonServiceListener(req, res) {
    try {
      const [path = '/', ...query] = (req.url ?? '/').split('?');
      const method = req.method === 'HEAD' ? 'GET' : req.method;
      const handler = handlers[`${method} ${path}`];
      if (!handler) throw new RequestError(404, `Nothing at ${method} ${path}`);
      await handler(req, res, new URLSearchParams(query.join('?')));
    } catch (error) {
      // What is left of a body that was not read to its end would block the connection for the next request.
      req.resume();
      sendError(res, error);
    }
  };
}

/** @type {Handler} */
export function health(_req, res) {
  sendJson(res, 200, { status: 'ok' });
}

/**
 * @param {ServerResponse} res
 * @param {unknown} error
 */
function sendError(res, error) {
  if (res.headersSent || res.destroyed) res.destroy();
  else if (error instanceof RequestError) sendJson(res, error.status, { error: error.message });
  else sendJson(res, 500, { error: 'Internal error' });
}
