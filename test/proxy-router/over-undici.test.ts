import { readdirSync } from 'node:fs';
import { undiciTransport } from 'gatewright/undici';
import { useTransport } from './support.js';

/** Tests of what happens before a transport is asked, or over transports of their own. */
const others = new Set([
  'ambiguous-paths',
  'bad-request-heads',
  'construction',
  'forwarding-fields',
  'many-services',
  'on-error',
  'over-undici',
  'request-targets',
  'routing',
  'targets',
  'undici-transport',
]);

// The behaviour tests, once more: what is no other is run over undici too.
useTransport(() => undiciTransport());
for (const file of readdirSync(new URL('.', import.meta.url)).sort()) {
  const name = /^(.+)\.test\.ts$/.exec(file)?.[1];
  if (name !== undefined && !others.has(name)) await import(`./${name}.test.js`);
}
