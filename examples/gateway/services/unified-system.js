import { RequestError, readJson, sendJson } from './json.js';
import { jsonService } from './json-service.js';

/**
 * A service that fails when it is told to, to see a circuit breaker trip and recover. While it fails, every GET
 * is answered with 500, `/health` with 503.
 */
export function createUnifiedSystem() {
  const startedAt = performance.now();
  let requests = 0;
  let failing = false;

  const service = jsonService({
    'GET /status'(_req, res) {
      const uptime_seconds = Math.floor((performance.now() - startedAt) / 1000);
      sendJson(res, 200, { status: 'running', uptime_seconds, requests });
    },
    'GET /health': (_req, res) => sendJson(res, failing ? 503 : 200, { status: failing ? 'failing' : 'ok' }),
    async 'POST /fail'(req, res) {
      const body = await readJson(req);
      if (typeof body['failing'] !== 'boolean')
        throw new RequestError(400, '"failing" must be true or false');
      failing = body['failing'];
      sendJson(res, 200, { failing });
    },
  });

  /** @type {import('node:http').RequestListener} */
  return function unifiedSystemListener(req, res) {
    requests += 1;
    const reads = req.method === 'GET' || req.method === 'HEAD';
    if (failing && reads && req.url?.split('?')[0] !== '/health')
      sendJson(res, 500, { error: 'Told to fail' });
    else service(req, res);
  };
}
