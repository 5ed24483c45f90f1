import { expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { createLlmGateway } from '../../examples/llm/app.js';
import { createModel } from '../../examples/llm/model.js';
import { cleanup, serve } from '../helpers.js';

const messages = [{ role: 'user' as const, content: 'Streams stay streams here' }];

async function clientOf(tier: string) {
  const model = await serve(createModel('of-the-provider').listeners('request')[0] as never);
  const gateway = createLlmGateway(model.url, 'of-the-provider');
  cleanup(() => gateway.close());
  const { url } = await serve(gateway.listener);
  const created = await gateway.apiKeys?.create({ tier });
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: created?.key ?? '', maxRetries: 0 });
  return { client, gateway };
}

test('streams to the openai package word by word, and charges what the model says at the end', async () => {
  const { client, gateway } = await clientOf('premium');
  const words: (string | null | undefined)[] = [];
  const stream = await client.chat.completions.create({ model: 'parrot', messages, stream: true });
  for await (const chunk of stream) words.push(chunk.choices[0]?.delta.content);
  expect(words).toEqual(['You ', 'said: ', 'Streams ', 'stay ', 'streams ', 'here']);
  expect((await gateway.analytics?.usage())?.total).toMatchObject({ requests: 1, cost: 0.01 });
});

test('refuses the free tier when an hour’s dollars are spent, and nobody else', async () => {
  const { client, gateway } = await clientOf('free');
  const ask = () => client.chat.completions.create({ model: 'parrot', messages });
  for (let asked = 0; asked < 4; asked += 1)
    expect((await ask()).choices[0]?.message.content).toBe('You said: Streams stay streams here');
  const refusal = await ask().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(OpenAI.RateLimitError);
  expect((refusal as InstanceType<typeof OpenAI.RateLimitError>).headers?.get('retry-after')).toMatch(
    /^\d+$/,
  );
  const other = await gateway.apiKeys?.create({ tier: 'premium' });
  const premium = client.withOptions({ apiKey: other?.key ?? '' });
  expect((await premium.chat.completions.create({ model: 'parrot', messages })).usage?.total_tokens).toBe(10);
});
