import { type Item, serializeItem } from 'structured-headers';
import { componentValue, type SignedMessage } from './signature-components.js';

/** What can't be in a line of the base: a line break would begin another component. */
const impossible = /[^\t -\u00ff]/;

/**
 * The signature base (RFC 9421, section 2.5): what is signed, as bytes. Undefined where the request lacks a component,
 * where a component is unknown, and where one is covered twice.
 *
 * @param parameters the value of `@signature-params`: the member of `Signature-Input`, serialized
 */
export function signatureBase(
  message: SignedMessage,
  components: readonly Item[],
  parameters: string,
): Buffer | undefined {
  const seen = new Set<string>();
  let base = '';
  for (const component of components) {
    const value = componentValue(message, component);
    const identifier = serializeItem(component);
    const identity = component[1].size < 2 ? identifier : serializeItem(sorted(component));
    if (value === undefined || impossible.test(value) || seen.has(identity)) return undefined;
    seen.add(identity);
    base += `${identifier}: ${value}\n`;
  }
  return Buffer.from(`${base}"@signature-params": ${parameters}`, 'latin1');
}

/** The order of parameters makes no other component (section 2). */
function sorted([name, parameters]: Item): Item {
  return [name, new Map([...parameters].sort(([one], [other]) => (one < other ? -1 : 1)))];
}
