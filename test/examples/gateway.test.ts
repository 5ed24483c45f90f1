import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createDemo } from '../../examples/gateway/demo.js';
import { send, serve } from '../helpers.js';

const bash = async (script: string) => (await promisify(execFile)('bash', ['-c', script])).stdout;

describe('npm start', () => {
  let demo: ReturnType<typeof spawn>;
  let admin: string;
  const lines = new Map<string, string>();

  beforeAll(async () => {
    demo = spawn(process.execPath, ['examples/gateway/main.js'], {
      env: { ...process.env, PORT: '0', GATEWAY_ADMIN_KEY: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let comment = '';
    for await (const line of createInterface({ input: demo.stdout as NodeJS.ReadableStream })) {
      admin ??= /^Administrator key.*: (\S+)$/.exec(line)?.[1] as string;
      if (line.startsWith('# ')) comment = line.slice(2);
      else if (/^(curl|KEY=|FREE=|sleep)/.test(line)) lines.set(comment, line);
      if (line.startsWith('Stop with')) break;
    }
  });

  afterAll(async () => {
    demo.kill('SIGTERM');
    expect((await once(demo, 'exit'))[0]).toBe(0);
  });

  const expected: [string, RegExp][] = [
    ['Ask kgot, which costs 0.2 cents', /200 OK[\s\S]*"answer":"SCAMPER was named by/],
    ['Chat with alita: the words arrive one by one', /^data: .*"content":"You "[\s\S]*data: \[DONE\]/],
    ['Call a tool of the MCP server', /"structuredContent":\{"topic":"bicycles"/],
    ['Take a page apart', /"title":"Hi"/],
    ['Record a figure', /"value":12.5/],
    ['Without a key: 401', /401 Unauthorized[\s\S]*"error":"Authentication failed"/],
    ['Where nobody needs one', /200 OK[\s\S]*"status":"ok"/],
    ['A key of the free tier: the 11th request in a minute is 429', /(200 ){10}429/],
    ['Make unified-system fail: after a few 500s the breaker opens, and it is 503', /500 .*503 /],
    ['See what is broken', /"status":"degraded".*"unified-system":false/],
    ['Mend it: after ten seconds one request may try, and closes the breaker', /\{"failing":false\}/],
    ['See the figures', /"total_cost":0.022,/],
    ['The same for Prometheus', /gateway_circuit_breaker_state\{service="unified-system",state="closed"\} 1/],
  ];

  test('prints an administrator key and lines that do what they say', async () => {
    expect(admin).toMatch(/^admin-/);
    const makeKey = lines.get('Make a key of the basic tier, and keep it') as string;
    const key = (await bash(makeKey)).trim();
    expect(key).toMatch(/^gw_\w{49}$/);
    expect([...lines.keys()].slice(1)).toEqual(expected.map(([what]) => what));
    for (const [what, output] of expected)
      expect(await bash(`KEY=${key}; ${lines.get(what)}`)).toMatch(output);
  }, 60_000);
});

describe('the demo', () => {
  test('serves a real MCP client through the gateway', async () => {
    const demo = await createDemo({ GATEWAY_ADMIN_KEY: 'the-key-of-the-administrator-of-a-demo' });
    try {
      const { url } = await serve(demo.gateway.listener);
      const client = new Client({ name: 'test', version: '1.0.0' });
      const transport = new StreamableHTTPClientTransport(new URL(`${url}/api/mcp-brainstorming/mcp`), {
        requestInit: { headers: { 'X-API-Key': demo.adminKey } },
      });
      await client.connect(transport);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name).sort()).toEqual(['brainstorm', 'combine']);
      const result = await client.callTool({
        name: 'combine',
        arguments: { first: 'a bicycle', second: 'a library' },
      });
      expect(JSON.stringify(result.content)).toContain('library');
      await client.close();
    } finally {
      await demo.close();
    }
  });

  test('opens CORS for ALLOWED_ORIGINS', async () => {
    const demo = await createDemo({ ALLOWED_ORIGINS: 'https://a.example, https://b.example' });
    try {
      const { url } = await serve(demo.gateway.listener);
      const { headers } = await send(url, '/health', { headers: { Origin: 'https://b.example' } });
      expect(headers['access-control-allow-origin']).toBe('https://b.example');
    } finally {
      await demo.close();
    }
  });
});
