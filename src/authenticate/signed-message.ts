import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { SignedMessage } from './signature-components.js';

/** A request that a framework may have moved: what the client has sent is in `originalUrl`. */
type MountedRequest = IncomingMessage & { readonly originalUrl?: string };

/** The lines of each field, by its name in lower case. */
type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * What a signature may cover of a request as the client has sent it. Undefined where it can be read in two ways:
 * without a host or with two, or with a target that is not a path.
 *
 * @param trusted whether scheme and host are taken from the `X-Forwarded-*` fields of the proxy in front
 */
export function signedMessage(req: MountedRequest, trusted: boolean): SignedMessage | undefined {
  const target = req.originalUrl ?? req.url ?? '';
  const fields = linesOf(req);
  const forwarded = (name: string): string | undefined => (trusted ? fields.get(name)?.[0] : undefined);
  const scheme = first(forwarded('x-forwarded-proto') ?? ownScheme(req)).toLowerCase();
  const authority = forwarded('x-forwarded-host') ?? ownAuthority(fields);
  if (authority === undefined || !target.startsWith('/')) return undefined;
  const query = target.indexOf('?');
  return {
    method: req.method ?? '',
    scheme,
    authority: normalAuthority(first(authority), scheme),
    path: query === -1 ? target : target.slice(0, query),
    query: query === -1 ? '' : target.slice(query),
    lines: (name) => fields.get(name) ?? [],
  };
}

/** Host in lower case, without the scheme's default port (RFC 9110, section 4.2.3). */
function normalAuthority(authority: string, scheme: string): string {
  return authority.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');
}

function ownScheme(req: IncomingMessage): string {
  return (req.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
}

function ownAuthority(fields: Fields): string | undefined {
  const hosts = fields.get(':authority') ?? fields.get('host') ?? [];
  return hosts.length === 1 ? hosts[0] : undefined;
}

/** Of several values, that of the proxy which is nearest to the client. */
function first(value: string): string {
  return String(value.split(',', 1)).trim();
}

/** All lines as they came: of some fields that are there twice, `req.headers` has one. */
function linesOf({ rawHeaders }: IncomingMessage): Fields {
  const fields = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = String(rawHeaders[at]).toLowerCase();
    const value = String(rawHeaders[at + 1]);
    const lines = fields.get(name);
    if (lines) lines.push(value);
    else fields.set(name, [value]);
  }
  return fields;
}
