import { createHmac, randomBytes } from 'node:crypto';
import {
  type InnerList,
  type Item,
  type Parameters,
  serializeDictionary,
  serializeInnerList,
} from 'structured-headers';
import { ConfigError } from '../core/config-error.js';
import { checkOptions } from '../core/options.js';
import { contentDigestOf } from './content-digest.js';
import { type RequestToSign, requestToSignSchema } from './sign-options.js';
import { signatureBase } from './signature-base.js';
import type { SignedMessage } from './signature-components.js';
import { secretKey } from './signature-keys.js';

/** What `authenticate({ hmac })` wants to be covered. */
const always = ['@method', '@authority', '@path', '@query'];

/**
 * Signs a request for `authenticate({ hmac })`, by RFC 9421 with `hmac-sha256`: its method, host, path and query, its
 * body by `Content-Digest` (RFC 9530), and the fields that are named.
 *
 * @returns the fields to add: `Signature-Input`, `Signature` and, where there is a `body`, `Content-Digest`
 * @throws ConfigError for what can't be signed
 */
export function signRequest(request: RequestToSign): Record<string, string> {
  const checked = checkOptions('signRequest', requestToSignSchema, request);
  const { url, headers, body, keyId, secret, label, tag, expires } = checked;
  const { nonce = randomBytes(16).toString('base64url') } = checked;
  const { created = Math.floor(Date.now() / 1000) } = checked;
  const digest = body === undefined ? {} : { 'Content-Digest': contentDigestOf(body) };
  const message = messageOf(checked.method, new URL(url), { ...plain(headers), ...digest });

  const isDigested = message.lines('content-digest').length > 0;
  const names = new Set([...always, ...checked.components, ...(isDigested ? ['content-digest'] : [])]);
  const components = [...names].map((name): Item => [name, new Map()]);
  const parameters: Parameters = new Map(
    Object.entries({ created, keyid: keyId, alg: 'hmac-sha256', nonce }),
  );
  if (expires !== undefined) parameters.set('expires', expires);
  if (tag !== undefined) parameters.set('tag', tag);

  const input: InnerList = [components, parameters];
  const base = signatureBase(message, components, serializeInnerList(input));
  if (base === undefined) {
    throw new ConfigError([
      `\`signRequest.components\` must be in \`headers\`, got ${[...names].join(', ')}.`,
    ]);
  }
  const signature: Item = [createHmac('sha256', secretKey(secret)).update(base).digest(), new Map()];
  return {
    ...digest,
    'Signature-Input': serializeDictionary({ [label]: input }),
    Signature: serializeDictionary({ [label]: signature }),
  };
}

function plain(headers: NonNullable<RequestToSign['headers']>): Record<string, string> {
  return Symbol.iterator in headers ? Object.fromEntries(headers) : { ...headers };
}

/** The request as `fetch`, `undici` and `node:http` send it. */
function messageOf(method: string, url: URL, headers: Record<string, string>): SignedMessage {
  const fields = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return {
    method,
    scheme: url.protocol.slice(0, -1),
    authority: url.host,
    path: url.pathname,
    query: url.search,
    lines: (name) => (fields.has(name) ? [fields.get(name) as string] : []),
  };
}
