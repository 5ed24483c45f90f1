const received = new WeakSet<Buffer>();

/** Notes that these bytes are a body as it came, with its `Content-Encoding` still on it, and returns them. */
export function asReceived(body: Buffer): Buffer {
  received.add(body);
  return body;
}

/** Whether a body is as it came. What a body parser has kept in `req.rawBody` is decoded. */
export function isAsReceived(body: Buffer): boolean {
  return received.has(body);
}
