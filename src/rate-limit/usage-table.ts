import { COUNTERS_SIZE } from './window-places.js';

/** What a row holds: when the subject's first admitted request came, */
export const ANCHOR = 0;
/** how many of its requests run, */
export const RUNNING = 1;
/** a number that nobody else's row has had at this place, */
export const OWNER = 2;
/** and the counters of its windows. */
export const COUNTERS = 3;

const ROW_SIZE = COUNTERS + COUNTERS_SIZE;

/** Rows of a block, as a power of two: a small table stays small, and one that grows copies nothing. */
const BLOCK_BITS = 10;
const BLOCK_ROWS = 2 ** BLOCK_BITS;

/**
 * The usage of subjects, a row of numbers for each: there may be a million of them, and an object for each would
 * take three times the memory and be visited by the garbage collector. A row lies in `block(row)`, from `start(row)`.
 */
export class UsageTable {
  readonly #blocks: Float64Array[] = [];
  readonly #free: number[] = [];
  #rows = 0;

  block(row: number): Float64Array {
    return this.#blocks[row >>> BLOCK_BITS] as Float64Array;
  }

  start(row: number): number {
    return (row & (BLOCK_ROWS - 1)) * ROW_SIZE;
  }

  /** A row of zeros for a subject that comes now. */
  claim(now: number): number {
    const row = this.#free.pop() ?? this.#add();
    const block = this.block(row);
    const start = this.start(row);
    block[start + ANCHOR] = now;
    block[start + RUNNING] = 0;
    block.fill(0, start + COUNTERS, start + ROW_SIZE);
    return row;
  }

  /** Gives a row back. Who still holds its number sees by the owner that it is another's. */
  release(row: number): void {
    const owner = this.start(row) + OWNER;
    const block = this.block(row);
    block[owner] = (block[owner] as number) + 1;
    this.#free.push(row);
  }

  #add(): number {
    const row = this.#rows++;
    if (row % BLOCK_ROWS === 0) this.#blocks.push(new Float64Array(BLOCK_ROWS * ROW_SIZE));
    return row;
  }
}
