import { expect, test } from '@jest/globals';
import { RedisServer } from '../redis-server.js';
import { askModel, useTools } from './clients.js';
import { commandsOf, type Running, runAll, start } from './support.js';

const statuses = (output: string | undefined) =>
  [...(output ?? '').matchAll(/^HTTP\S+ (\d+)/gm)].map(([, s]) => s);

/** What each block of commands behind the first must write. */
const expected: Record<string, readonly RegExp[]> = {
  'single-factory': [
    /200 OK[\s\S]+"left":2[\s\S]+200 OK[\s\S]+"left":1[\s\S]+200 OK[\s\S]+"left":0[\s\S]+429 Too[\s\S]+retry-after: \d+[\s\S]+"limit_type":"per_minute"/i,
    /^\s*Not limited\s*$/,
  ],
  embedded: [
    /The app itself\n\{"hello":"app"\}/,
    /401 Unauthorized[\s\S]+"error":"Authentication failed"[\s\S]*The service got GET \/public\/1/,
    /(200 OK[\s\S]+The service got POST \/1\n[\s\S]+){3}429 Too/,
    /"status":"healthy"[\s\S]+"total_requests":\d/,
  ],
  'in-front': [
    /The app itself\n0 here\n/,
    /^\s*key:\S+: Hello, everybody\s*$/,
    /^\s*Unexpected server response: 401\s*$/,
  ],
  standalone: [
    /gateway-config.yaml is right: 1 service/,
    /^\s*gw_\w{49}\s*$/,
    /(200 OK[\s\S]+The service got GET \/1\n[\s\S]+){3}429 Too/,
    /401 Unauthorized[\s\S]+The service got GET \/public\/1/,
    /"notes":true/,
  ],
  llm: [
    /200 OK[\s\S]+x-request-cost: 0.010000[\s\S]+"content":"You said: Streams stay streams here"/i,
    /^\s*data: [\s\S]+"content":"You "[\s\S]+"content":"here"[\s\S]+data: \[DONE\]/,
    /(200 OK[\s\S]+){2}429 Too[\s\S]+"limit_type":"cost_per_hour"/,
    /"content":"You said: Still here"/,
    /"cost":0.04,[\s\S]+"total":\{"requests":6,"errors":0,"cost":0.046,/,
  ],
  mcp: [
    /"structuredContent":\{"sum":5\}/,
    /403 Forbidden[\s\S]+"required":\["mcp:use"\][\s\S]+401 Unauthorized/,
  ],
};

/** What real clients do beside the commands. */
const clients: Record<string, (running: Running) => Promise<void>> = { llm: askModel, mcp: useTools };

test.each(Object.keys(expected))('the commands for %s do what its README.md says', async (name) => {
  const [first, ...commands] = commandsOf(name);
  expect(first).toBe(`node examples/${name}/main.js`);
  const running = await start(name);
  const outputs = await runAll(commands, running.url, running.exported);
  expect(outputs).toEqual(expected[name]?.map((output) => expect.stringMatching(output)));
  await clients[name]?.(running);
  // Where nothing has to be closed, the signal ends it.
  expect(await running.stop()).toBe(name === 'single-factory' ? null : 0);
});

test('two processes of the cluster share a key and its limit', async () => {
  const [first, ...commands] = commandsOf('cluster');
  expect(first).toBe('node examples/cluster/main.js');
  const redis = await RedisServer.start();
  const env = { REDIS_URL: redis.url };
  const { url, stop } = await start('cluster', env, 2);
  const [key, answers] = await runAll(commands, url, env);
  expect(key).toMatch(/^\s*gw_\w{49}\s*$/);
  expect(statuses(answers)).toEqual([...Array(6).fill('200'), '429', '429']);
  expect(new Set(answers?.match(/^X-Worker: \d+/gm)).size).toBe(2);
  expect(await stop()).toBe(0);
});
