/** Fields that are about one connection, never forwarded (RFC 9110, section 7.6.1, and those in wide use). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields that `Connection` must not take away, because framing and routing depend on them. */
const essential = new Set(['host', 'content-length', 'content-type']);

/** Whether a field, its name in lower case, stays on this connection. */
export function isHopByHop(name: string, connection: readonly string[]): boolean {
  return hopByHop.has(name) || connection.includes(name);
}

const none: readonly string[] = [];

/** The fields that a `Connection` field names beside the usual ones. */
export function connectionNames(connection: string | undefined): readonly string[] {
  if (connection === undefined || isUsual(connection)) return none;
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !essential.has(name));
}

function isUsual(connection: string): boolean {
  return connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive';
}
