import { describe, expect, test } from '@jest/globals';
import { authenticate, ConfigError, type Middleware, requirePermissions } from 'gatewright';
import { mounts, send, serve } from '../helpers.js';
import { adminKey, bare } from './support.js';

/** One middleware behind another. */
const chain =
  (first: Middleware, second: Middleware): Middleware =>
  (req, res, next) =>
    first(req, res, () => second(req, res, next));

/** The answer to whoever has the permissions granted, where others are required. */
async function ask(granted: readonly string[], required: string | readonly string[], mount = bare) {
  const guard = authenticate();
  const { key } = await guard.apiKeys.create({ permissions: granted });
  const { url } = await serve(
    mount(chain(guard, requirePermissions(required)), (_req, res) => res.end('in')),
  );
  return send(url, '/', { headers: { 'X-API-Key': key } });
}

describe.each(mounts)('%s', (_name, mount) => {
  test('lets through whoever has the permission', async () => {
    expect(await ask(['kgot:query'], 'kgot:query', mount)).toMatchObject({ status: 200, body: 'in' });
  });

  test('answers 403 and names what is missing, and only that', async () => {
    const answer = await ask(['kgot:query'], ['kgot:query', 'kgot:write', 'mcp:call'], mount);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({
      error: 'Permission denied',
      message: 'Missing a permission that is required',
      required: ['kgot:write', 'mcp:call'],
    });
  });
});

test.each([
  ['the permission itself', 'kgot:query', 'kgot:query', 200],
  ['any action', 'kgot:*', 'kgot:query', 200],
  ['any resource', '*:query', 'kgot:query', 200],
  ['any of both', '*:*', 'kgot:query', 200],
  ['everything', '*', 'kgot:query', 200],
  ['an action with colons in it', 'kgot:*', 'kgot:graph:write', 200],
  ['another action', 'kgot:write', 'kgot:query', 403],
  ['another resource', 'mcp:*', 'kgot:query', 403],
  ['another resource for any', '*:write', 'kgot:query', 403],
  ['the resource alone', 'kgot', 'kgot:query', 403],
  ['the beginning of the action', 'kgot:q', 'kgot:query', 403],
  ['the beginning of the resource with a star', 'kg*:query', 'kgot:query', 403],
  ['another case', 'KGOT:query', 'kgot:query', 403],
  ['one action for all', 'kgot:query', 'kgot:*', 403],
])('a grant of %s: %s for %s is %d', async (_what, granted, required, status) => {
  expect((await ask([granted], required)).status).toBe(status);
});

test('grants nothing to a key without permissions', async () => {
  expect((await ask([], 'kgot:query')).status).toBe(403);
});

const refused = {
  status: 401,
  body: '{"error":"Authentication failed","message":"Credentials are required"}',
};

test('answers 401 where nobody has authenticated', async () => {
  const guard = requirePermissions('kgot:query');
  const { url } = await serve((req, res) => guard(req, res, () => res.end('in')));
  const answer = await send(url, '/');
  expect(answer).toMatchObject(refused);
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="gateway"');
});

test('answers 401 to the anonymous', async () => {
  const guard = chain(authenticate({ anonymous: { paths: ['/'] } }), requirePermissions('kgot:query'));
  const { url } = await serve((req, res) => guard(req, res, () => res.end('in')));
  expect(await send(url, '/')).toMatchObject(refused);
});

test('lets the administrator do everything', async () => {
  const guard = chain(authenticate({ adminKey }), requirePermissions(['kgot:query', 'keys:write']));
  const { url } = await serve((req, res) => guard(req, res, () => res.end('in')));
  expect((await send(url, '/', { headers: { 'X-API-Key': adminKey } })).body).toBe('in');
});

test('refuses through onError', async () => {
  const guard = requirePermissions('kgot:query', {
    onError: (error, _req, res) => void res.end(`no: ${error.code}`),
  });
  const { url } = await serve((req, res) => guard(req, res, () => res.end('in')));
  expect((await send(url, '/')).body).toBe('no: ERR_GATEWAY_AUTHENTICATION_FAILED');
});

test('does not change when the list that it was given does', async () => {
  const required = ['kgot:query'];
  const guard = requirePermissions(required);
  required.pop();
  const { url } = await serve((req, res) => guard(req, res, () => res.end('in')));
  expect((await send(url, '/')).status).toBe(401);
});

test.each<[string, unknown]>([
  ['an empty permission', ''],
  ['an empty one among others', ['kgot:query', '']],
  ['a number', [1]],
])('refuses %s when it is called', (_what, required) => {
  expect(() => requirePermissions(required as string)).toThrow(ConfigError);
});
