import type { SignedMessage } from '../../src/authenticate/signature-components.js';

/** A request as a signature sees it. */
export function message(target: string, fields: Record<string, string | string[]> = {}, method = 'POST') {
  const { protocol, host, pathname, search } = new URL(target);
  const lines = (name: string) => [fields[name] ?? []].flat();
  const signed: SignedMessage = {
    method,
    scheme: protocol.slice(0, -1),
    authority: host,
    path: pathname,
    query: search,
    lines,
  };
  return signed;
}
