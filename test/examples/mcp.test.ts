import { expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createMcpGateway } from '../../examples/mcp/app.js';
import { createTools } from '../../examples/mcp/tools.js';
import { cleanup, serve } from '../helpers.js';

async function gatewayWith(permissions: string[]) {
  const server = () => serve(createTools().listeners('request')[0] as never);
  const servers = [await server(), await server()];
  const gateway = createMcpGateway(servers.map(({ url }) => url));
  cleanup(() => gateway.close());
  const { url } = await serve(gateway.listener);
  const created = await gateway.apiKeys?.create({ tier: 'free', permissions });
  const client = new Client({ name: 'test', version: '1.0.0' });
  cleanup(() => client.close());
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${created?.key}` } },
  });
  return { client, transport };
}

test('an MCP client lists tools, calls one, and is limited', async () => {
  const { client, transport } = await gatewayWith(['mcp:use']);
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
  const add = () => client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect((await add()).structuredContent).toEqual({ sum: 5 });
  const calls = async () => {
    for (let called = 0; called < 10; called += 1) await add();
  };
  await expect(calls()).rejects.toThrow(/429|per_minute/);
});

test('a key without the permission cannot connect', async () => {
  const { client, transport } = await gatewayWith([]);
  await expect(client.connect(transport)).rejects.toThrow(/403|Permission denied/);
});
