/** What stands for a secret. */
const REDACTED = '[redacted]';

/** Names of what is secret, in any spelling: `X-API-Key`, `apiKey`, `client_secret`. */
const secretName =
  /(?:authorization|cookie|api[-_]?key|admin[-_]?key|private[-_]?key|signing[-_]?key|password|passwd|passphrase|secret|token|jwt|credentials?)$/i;

/** Secrets that can be told by their form, wherever they stand. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/\bgw_[0-9A-Za-z]{49}\b/g, REDACTED],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/(\/\/)[^/?#\s@]*@/g, `$1${REDACTED}@`],
  [/([?&](?:[\w-]*(?:token|key|secret|password|signature|ticket)|code)=)[^&\s#]+/gi, `$1${REDACTED}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
];

const MAX_DEPTH = 6;
const MAX_VALUES = 500;
const MAX_CHARACTERS = 8192;

/** Whether an option or a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** A text without the secrets that can be told by their form, and not longer than a line of a log should be. */
export function redactText(text: string): string {
  let redacted = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  for (const [form, instead] of secretForms) redacted = redacted.replace(form, instead);
  return redacted;
}

/**
 * Copies details of a log line as plain JSON: without secrets, without circles, and of bounded size. Never throws.
 *
 * @param withStacks whether errors keep their stack
 */
export function redact(details: unknown, withStacks = false): unknown {
  const above = new Set<object>();
  let left = MAX_VALUES;

  function copy(value: unknown, depth: number): unknown {
    left -= 1;
    if (left < 0) return '[more]';
    if (typeof value !== 'object' || value === null) return plain(value);
    if (above.has(value)) return '[circular]';
    if (depth >= MAX_DEPTH) return '[deep]';
    above.add(value);
    const copied = copyObject(value, depth);
    above.delete(value);
    return copied;
  }

  function copyObject(value: object, depth: number): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof Error) return copyFields(errorFields(value, withStacks), depth);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return copyFields(Object.fromEntries([...value].slice(0, left)), depth);
    if (Array.isArray(value) || value instanceof Set)
      return [...value].slice(0, Math.max(0, left)).map((item) => copy(item, depth + 1));
    return copyFields(value as Record<string, unknown>, depth);
  }

  function copyFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
    const copied: Record<string, unknown> = Object.create(null);
    for (const name in fields) {
      if (left <= 0) break;
      const value = fields[name];
      const hidden =
        isSecretName(name) && value !== undefined && value !== null && typeof value !== 'boolean';
      copied[name] = hidden ? REDACTED : copy(value, depth + 1);
    }
    return copied;
  }

  try {
    return copy(details, 0);
  } catch {
    return '[unreadable]';
  }
}

/** What JSON has for a value that is no object. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'function':
      return '[function]';
    default:
      return value;
  }
}

function errorFields(error: Error, withStacks: boolean): Record<string, unknown> {
  const { name, message, cause, stack } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { name, message, code, ...(cause !== undefined && { cause }), ...(withStacks && { stack }) };
}
