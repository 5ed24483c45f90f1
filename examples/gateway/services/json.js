/** @import { IncomingMessage, ServerResponse } from 'node:http' */

/** The largest request body that is read, in bytes: 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** The client's mistake, which `jsonService()` answers with its status and message. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {ServerResponse} res
 * @param {number} status
 * @param {unknown} body
 */
export function sendJson(res, status, body) {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}

/**
 * The JSON object in a request's body.
 * @param {IncomingMessage} req
 * @returns {Promise<Record<string, unknown>>}
 * @throws {RequestError} 400 for what is not a JSON object, 413 for more than {@link MAX_BODY_BYTES}
 */
export async function readJson(req) {
  const body = parse(await readBody(req));
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RequestError(400, 'The body must be a JSON object');
  return /** @type {Record<string, unknown>} */ (body);
}

/**
 * A field that must be a text of 1 to `maxLength` characters, without the space around it.
 * @param {Record<string, unknown>} body
 * @param {string} name
 * @param {number} [maxLength] Default: as long as a body can be.
 * @throws {RequestError} 400
 */
export function textField(body, name, maxLength = MAX_BODY_BYTES) {
  const value = body[name];
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '' || text.length > maxLength)
    throw new RequestError(400, `"${name}" must be a text of 1 to ${maxLength} characters`);
  return text;
}

/** @param {IncomingMessage} req */
async function readBody(req) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  // Left alive on a throw, since destroying the request would cut the connection before it is answered.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new RequestError(413, `The body must not exceed ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(400, text === '' ? 'The body is empty' : 'The body is not valid JSON');
  }
}
