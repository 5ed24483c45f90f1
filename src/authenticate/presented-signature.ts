import {
  type Dictionary,
  type InnerList,
  type Item,
  type Parameters,
  serializeInnerList,
} from 'structured-headers';
import { readDictionary } from './structured-dictionary.js';

/** Longer fields, and more components, are refused before any work is done on them. */
const MAX_FIELD_LENGTH = 8192;
const MAX_COMPONENTS = 64;
const MAX_NAME_LENGTH = 256;

/** Parameters of a signature that matter here (RFC 9421, section 2.3). Times are seconds since the epoch. */
interface Claims {
  readonly keyId: string;
  readonly created: number;
  readonly expires: number | undefined;
  readonly nonce: string | undefined;
  readonly algorithm: string | undefined;
}

/** A signature as it was presented, in good form. */
export interface PresentedSignature extends Claims {
  readonly components: readonly Item[];
  /** The value of `@signature-params`. */
  readonly parameters: string;
  readonly value: Uint8Array;
}

/** Which signature is meant, where there are several. */
export interface SignatureChoice {
  readonly label?: string | undefined;
  readonly tag?: string | undefined;
}

/**
 * Reads `Signature-Input` and `Signature` (RFC 9421, section 4). Undefined where they are malformed, where what a
 * verifier needs is missing or of a wrong type, and where it is not exactly one signature that is meant.
 */
export function readSignature(
  inputField: string,
  signatureField: string,
  choice: SignatureChoice,
): PresentedSignature | undefined {
  if (Math.max(inputField.length, signatureField.length) > MAX_FIELD_LENGTH) return undefined;
  const [label, input] = meant(readDictionary(inputField), choice) ?? [];
  if (label === undefined || !isInnerList(input) || input[0].length > MAX_COMPONENTS) return undefined;
  const [components, parameters] = input;
  const claims = claimsOf(parameters);
  const value = readDictionary(signatureField)?.get(label)?.[0];
  if (claims === undefined || !(value instanceof ArrayBuffer)) return undefined;
  return { ...claims, components, parameters: serializeInnerList(input), value: new Uint8Array(value) };
}

function meant(inputs: Dictionary | undefined, { label, tag }: SignatureChoice) {
  const chosen = [...(inputs ?? [])].filter(
    ([name, [, parameters]]) =>
      (label === undefined || name === label) && (tag === undefined || parameters.get('tag') === tag),
  );
  return chosen.length === 1 ? chosen[0] : undefined;
}

function isInnerList(member: Item | InnerList | undefined): member is InnerList {
  return Array.isArray(member?.[0]);
}

function claimsOf(parameters: Parameters): Claims | undefined {
  const keyId = parameters.get('keyid');
  const created = parameters.get('created');
  const expires = parameters.get('expires');
  const nonce = parameters.get('nonce');
  const algorithm = parameters.get('alg');
  if (!isName(keyId) || !isTime(created) || !(expires === undefined || isTime(expires))) return undefined;
  if (!(nonce === undefined || isName(nonce)) || !(algorithm === undefined || isName(algorithm)))
    return undefined;
  return { keyId, created, expires, nonce, algorithm };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}

function isTime(value: unknown): value is number {
  return Number.isInteger(value);
}
