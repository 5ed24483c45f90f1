/** Milliseconds that a `Retry-After` field asks for (RFC 9110, section 10.2.3): seconds or a date; undefined for others. */
export function retryAfterMs(field: unknown): number | undefined {
  if (typeof field === 'number') return field >= 0 ? field * 1000 : undefined;
  if (typeof field !== 'string') return undefined;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(field) ? Date.parse(field) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
