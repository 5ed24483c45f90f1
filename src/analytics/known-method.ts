/** The methods of RFC 9110 and RFC 5789. */
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** A request's method as an attribute: OpenTelemetry's conventions call any that is not known `_OTHER`. */
export function knownMethod(method: string): string {
  return methods.has(method) ? method : '_OTHER';
}
