import cors from 'cors';
import { contextOf } from '../core/context.js';
import type { Middleware } from '../core/middleware.js';
import type { CorsOptions } from './options.js';

/** What a browser's script may read of the gateway's own fields. */
const exposedHeaders = ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id', 'X-Gateway-Degraded'];

/** Answers preflight requests and says which origins may read responses (the Fetch standard's CORS protocol). */
export function corsMiddleware(options: CorsOptions): Middleware {
  const everyone = options.origins.includes('*');
  const handle = cors({
    origin: everyone ? '*' : [...options.origins],
    exposedHeaders: [...exposedHeaders, ...(options.exposedHeaders ?? [])],
    ...(options.methods && { methods: [...options.methods] }),
    ...(options.allowedHeaders && { allowedHeaders: [...options.allowedHeaders] }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    ...(options.maxAgeSeconds !== undefined && { maxAge: options.maxAgeSeconds }),
  });
  return function corsMiddleware(req, res, next) {
    contextOf(req, res).ownsCors = true;
    // Whoever names no origin is told nothing; but what is kept for it may be shown to others, who do.
    if (everyone || req.headers.origin !== undefined || req.method === 'OPTIONS') handle(req, res, next);
    else {
      if (res.hasHeader('Vary')) res.appendHeader('Vary', 'Origin');
      else res.setHeader('Vary', 'Origin');
      next();
    }
  };
}
