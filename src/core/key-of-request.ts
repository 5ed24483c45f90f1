import { isThenable } from './thenable.js';

/**
 * What a user's function says that a request belongs to, as text.
 *
 * @throws TypeError for a promise: all requests would belong together
 */
export function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (isThenable(key)) {
    key.then(undefined, () => undefined);
    throw new TypeError('A key must be a string, not a promise');
  }
  return String(key);
}
