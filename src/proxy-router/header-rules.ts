import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ResolvedHeaderRules } from './options.js';

/** Changes the header fields of a request on its way upstream. */
export function changeRequest(headers: OutgoingHttpHeaders, { remove, set, add }: ResolvedHeaderRules): void {
  for (const name of remove) delete headers[name.toLowerCase()];
  for (const [name, value] of Object.entries(set)) headers[name.toLowerCase()] = value;
  for (const [name, value] of Object.entries(add)) {
    const lower = name.toLowerCase();
    const there = headers[lower];
    headers[lower] = there === undefined ? value : [there, value].flat().map(String);
  }
}

/** Changes the header fields of a response on its way to the client. */
export function changeResponse(res: ServerResponse, { remove, set, add }: ResolvedHeaderRules): void {
  for (const name of remove) res.removeHeader(name);
  for (const [name, value] of Object.entries(set)) res.setHeader(name, value);
  for (const [name, value] of Object.entries(add)) res.appendHeader(name, value);
}
