import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { Identity } from 'gatewright';
import { type ApiKeyRecord, type AuthenticateOptions, authenticate } from 'gatewright/authenticate';
import { type Answer, type mounts, serve } from '../helpers.js';

export type Mount = (typeof mounts)[number][1];

/** No framework around the middleware. */
export const bare: Mount = (middleware, last) => (req, res) => middleware(req, res, () => last(req, res));

/** What the handler behind `authenticate()` sees. */
export interface Seen {
  readonly identity?: Identity;
  readonly headers: IncomingHttpHeaders;
}

const tell: RequestListener = (req, res) => {
  res.end(JSON.stringify({ identity: req.gateway?.identity, headers: req.headers }));
};

/** A server that lets through whom `authenticate()` lets through, and tells what its handler sees. */
export async function guarded(options: AuthenticateOptions = {}, mount = bare) {
  const guard = authenticate(options);
  const server = await serve(mount(guard, tell));
  return { ...server, apiKeys: guard.apiKeys };
}

/** What the handler saw of a request that was let through. */
export function seenIn(answer: Answer): Seen {
  if (answer.status !== 200) throw new Error(`Not let through: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

/** The record of a key as a store of the user's could hold it. */
export function recordOf(key: string, more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id: 'alice',
    hash: createHash('sha256').update(key).digest('hex'),
    name: '',
    tier: 'basic',
    permissions: [],
    metadata: {},
    createdAt: '2024-01-01T00:00:00.000Z',
    ...more,
  };
}

/** The documented answer to a credential that is not valid. */
export const invalidKey = {
  status: 401,
  body: '{"error":"Authentication failed","message":"Invalid API key"}',
};

/** The answer to a request without a credential. */
export const keyRequired = {
  status: 401,
  body: '{"error":"Authentication failed","message":"Credentials are required"}',
};

/** A key for the administrator. */
export const adminKey = 'correct-horse-battery-staple-0123456789';
