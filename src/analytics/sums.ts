import { toMicros } from '../core/money.js';
import { isError, type RequestEvent } from './request-event.js';

/** Places of the sums in a row. All are integers, so that they add up to the same in any order. */
export const REQUESTS = 0;
export const ERRORS = 1;
export const DURATION_MICROS = 2;
export const COST_MICROS = 3;
export const BYTES_IN = 4;
export const BYTES_OUT = 5;

/** How many sums there are. */
export const SUMS = 6;

/** Adds a request to the sums at the beginning of a row. */
export function addTo(values: Float64Array, event: RequestEvent): void {
  values[REQUESTS] = (values[REQUESTS] as number) + 1;
  if (isError(event)) values[ERRORS] = (values[ERRORS] as number) + 1;
  values[DURATION_MICROS] = (values[DURATION_MICROS] as number) + Math.round(event.durationMs * 1000);
  values[COST_MICROS] = (values[COST_MICROS] as number) + toMicros(event.cost);
  values[BYTES_IN] = (values[BYTES_IN] as number) + event.bytesIn;
  values[BYTES_OUT] = (values[BYTES_OUT] as number) + event.bytesOut;
}

/** Adds one row's numbers to another's. */
export function plus(values: Float64Array, added: Float64Array): void {
  for (let at = 0; at < added.length && at < values.length; at += 1) {
    values[at] = (values[at] as number) + (added[at] as number);
  }
}
