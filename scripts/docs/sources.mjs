import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { declarationsIn, exportsOf } from './declarations.mjs';

/** Where the package is. */
export const root = join(import.meta.dirname, '../..');

const declarations = declarationsIn('src');

/** Every path that can be imported, with its index file. */
export const subpaths = [
  ['gatewright', 'src/index.ts'],
  ...['authenticate', 'rate-limit', 'circuit-breaker', 'bulkhead', 'proxy-router'].map(entry),
  ...['analytics', 'audit', 'tracing', 'server'].map(entry),
  ['gatewright/undici', 'src/proxy-router/undici-transport.ts'],
];

function entry(folder) {
  return [`gatewright/${folder}`, `src/${folder}/index.ts`];
}

const bare = (name) => [name, undefined];

/** What can be imported from where. */
export const publicNames = subpaths.map(([specifier, file]) => [specifier, exportsOf(file, declarations)]);

const byName = new Map(
  [...declarations.values()]
    .filter(
      ({ kind, members, parents }) => kind === 'interface' && (members.length > 0 || parents.length > 0),
    )
    .map((one) => [one.name, one]),
);
// What is public goes before what has the same name inside.
for (const [, names] of publicNames)
  for (const one of names) if (byName.has(one.name)) byName.set(one.name, one);

/** An interface by its name; undefined where there is none. */
export const interfaceNamed = (name) => byName.get(name);

const aliases = new Map(
  [...declarations.values()].filter(({ kind }) => kind === 'type').map((one) => [one.name, one.type]),
);

/** A type in which short names of other types are replaced by what they stand for. */
export function expanded(type) {
  const result = type.replace(/\b[A-Z]\w+\b/g, (name) => {
    const meaning = aliases.get(name);
    return meaning === undefined ||
      meaning.length > 160 ||
      (meaning.includes('<') && !meaning.startsWith('Readonly') && !meaning.startsWith('Record'))
      ? name
      : meaning;
  });
  return result === type ? type : expanded(result);
}

const built = async (file) => import(pathToFileURL(join(root, 'dist', file)).href);

/** The option types that nothing else leads to, each with the schema that checks it. */
export const optionRoots = [
  ['StartOptions', (await built('server/options.js')).startSchema],
  ['OwnOptions', (await built('cli/options.js')).ownSchema],
  ['ProxyRouterOptions', (await built('proxy-router/options.js')).proxyRouterSchema],
  ['UndiciTransportOptions', (await built('proxy-router/undici-options.js')).undiciTransportSchema],
  ['TracingOptions', (await built('tracing/options.js')).tracingSchema],
  ['WebhookOptions', (await built('analytics/webhook-options.js')).webhookSchema],
  ['FileSinkOptions', (await built('analytics/file-sink-options.js')).fileSinkSchema],
  ['OtlpSinkOptions', (await built('analytics/otlp-options.js')).otlpSchema],
  ['RedisStreamSinkOptions', (await built('analytics/redis-stream-options.js')).redisStreamSchema],
  ['NewApiKey', (await built('authenticate/api-key-options.js')).newApiKeySchema],
  // Those of classes and functions that check theirs without a schema.
  ...[
    'ClosedStoreOptions',
    'MemoryNonceStoreOptions',
    'MemoryTicketStoreOptions',
    'RedisApiKeyStoreOptions',
  ].map(bare),
  ...['MemoryQuotaStoreOptions', 'RedisQuotaStoreOptions', 'AttachOptions', 'WorkersOptions'].map(bare),
  ['RequestToSign', (await built('authenticate/sign-options.js')).requestToSignSchema],
];
