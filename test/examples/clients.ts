import { expect } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import OpenAI from 'openai';
import { cleanup } from '../helpers.js';
import type { Running } from './support.js';

/** The openai package: streams with the key that has dollars left, and is refused with the one that has none. */
export async function askModel({ url, exported }: Running): Promise<void> {
  const premium = new OpenAI({ baseURL: `${url}/v1`, apiKey: exported['PREMIUM'] ?? '', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Streams stay streams here' }];
  const words: (string | null | undefined)[] = [];
  const stream = await premium.chat.completions.create({ model: 'parrot', messages, stream: true });
  for await (const chunk of stream) words.push(chunk.choices[0]?.delta.content);
  expect(words).toEqual(['You ', 'said: ', 'Streams ', 'stay ', 'streams ', 'here']);

  const free = premium.withOptions({ apiKey: exported['KEY'] ?? '' });
  const refusal = await free.chat.completions.create({ model: 'parrot', messages }).catch((error) => error);
  expect(refusal).toBeInstanceOf(OpenAI.RateLimitError);
  expect(refusal.headers.get('retry-after')).toMatch(/^\d+$/);
}

/** The client of the MCP SDK: lists tools, calls one, and is limited; without the permission it cannot connect. */
export async function useTools({ url, exported }: Running): Promise<void> {
  const connect = async (key: string | undefined) => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    const requestInit = { headers: { Authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
    cleanup(() => client.close());
    return client;
  };
  const client = await connect(exported['KEY']);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
  const add = () => client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect((await add()).structuredContent).toEqual({ sum: 5 });
  const calls = async () => {
    for (let called = 0; called < 10; called += 1) await add();
  };
  await expect(calls()).rejects.toThrow(/429|per_minute/);
  await expect(connect(exported['OTHER'])).rejects.toThrow(/403|Permission denied/);
}
