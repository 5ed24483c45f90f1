import { expect, test } from '@jest/globals';
import { descriptions } from '../../src/cli/option-descriptions.js';
import { command } from './support.js';

interface Schema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

async function schema(): Promise<Schema> {
  const { code, stdout } = await command(['schema']);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** What stands at a path, whichever branch of a union has it. */
function at(here: Schema, [step, ...rest]: readonly string[]): Schema[] {
  const branches = [here, ...(here.anyOf ?? [])];
  if (step === undefined) return [here];
  return branches.flatMap((branch) => {
    const { additionalProperties } = branch;
    const next =
      step === '*' && typeof additionalProperties === 'object'
        ? additionalProperties
        : branch.properties?.[step];
    return next ? at(next, rest) : [];
  });
}

test("is a JSON Schema of what a file can say, the command line's own options included", async () => {
  const whole = await schema();
  expect(whole).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    required: ['services'],
    additionalProperties: false,
  });
  expect(Object.keys(whole.properties ?? {})).toEqual(
    expect.arrayContaining(['services', 'host', 'port', 'server', 'logging', 'workers', 'onRedisDown']),
  );
});

test('leaves out what only code can give, and keeps secrets', async () => {
  const whole = await schema();
  for (const path of [
    'logger',
    'onError',
    'transport',
    'tracing',
    'authenticate.verify',
    'audit.sink',
    'analytics.registry',
  ])
    expect(at(whole, path.split('.'))).toEqual([]);
  expect(JSON.stringify(whole)).not.toContain('"not"');
  expect(JSON.stringify(at(whole, ['authenticate', 'hmac', 'keys']))).toContain('{"type":"string"}');
});

test('accepts a reference wherever a number, a boolean or a certain text is wanted', async () => {
  const [port] = at(await schema(), ['port']);
  expect(port?.anyOf).toEqual([expect.objectContaining({ type: 'integer' }), { $ref: '#/$defs/reference' }]);
  expect((await schema())['$defs']).toMatchObject({ reference: { type: 'string', pattern: '\\$\\{' } });
});

test('describes options, and no others', async () => {
  const whole = await schema();
  for (const [path, description] of Object.entries(descriptions)) {
    const found = at(whole, path.split('.')).map((each) => each.description);
    expect([path, found]).toEqual([path, expect.arrayContaining([description])]);
  }
  // Every option at the top is described.
  for (const [name, option] of Object.entries(whole.properties ?? {}))
    expect([name, option.description]).toEqual([name, expect.any(String)]);
});
