import type { IncomingMessage } from 'node:http';
import { addressesOf, type GatewayContext } from '../core/context.js';

/** Whether the page that opens a WebSocket may do so. What names no origin is no browser, and may. */
export type OriginCheck = (req: IncomingMessage, context: GatewayContext) => boolean;

/** @param allowed exact origins, `*` for any; undefined for pages of the host that the request is for */
export function originCheck(allowed: '*' | readonly string[] | undefined): OriginCheck {
  if (allowed === undefined) return isSameHost;
  if (allowed === '*' || allowed.includes('*')) return () => true;
  const origins = new Set(allowed.map((origin) => origin.toLowerCase()));
  return ({ headers: { origin } }) => origin === undefined || origins.has(origin.toLowerCase());
}

/** The scheme is not compared: behind a proxy that ends TLS, it is not known. */
function isSameHost(req: IncomingMessage, context: GatewayContext): boolean {
  const { origin } = req.headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${hostOf(req, context)}`;
  return page.host !== '' && URL.canParse(own) && new URL(own).host === page.host;
}

/** As a trusted proxy in front says, or as the request does. */
function hostOf(req: IncomingMessage, context: GatewayContext): string {
  const { host = '', 'x-forwarded-host': forwarded } = req.headers;
  if (forwarded === undefined || !addressesOf(context).trustsPeer(req)) return host;
  return String(String(forwarded).split(',', 1)).trim();
}
