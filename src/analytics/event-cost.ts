/** A dearer request than this is a mistake: so many dollars stand for it. */
const MOST_DOLLARS = 1_000_000;

/** What a request cost, in dollars, whatever a cost rule has made of it: not negative, not infinite, not NaN. */
export function saneCost(dollars: number): number {
  return dollars > 0 ? Math.min(dollars, MOST_DOLLARS) : 0;
}
