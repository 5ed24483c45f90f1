const MICROS_PER_DOLLAR = 1_000_000;

/**
 * Money inside gatewright: an integer number of micro-dollars, so that a million small costs add up exactly.
 * The public API takes and gives dollars.
 */
export type Micros = number;

/** Rounds dollars to the nearest micro-dollar. */
export function toMicros(dollars: number): Micros {
  return Math.round(dollars * MICROS_PER_DOLLAR);
}

/** Gives micro-dollars back as dollars. */
export function toDollars(micros: Micros): number {
  return micros / MICROS_PER_DOLLAR;
}
