import { isDeepStrictEqual } from 'node:util';
import { Loans } from './loans.js';

interface Held {
  readonly inputs: unknown;
  readonly part: unknown;
  /** How many generations of options use it. */
  users: number;
}

/** What a part has to be rid of at its end. */
interface Closable {
  close?(): Promise<void> | void;
}

/**
 * The parts of a gateway by their names, over several generations of options: one whose inputs have not changed goes on
 * into the next generation, with all that it knows; one that no generation uses any more is closed.
 */
export class PartShelf {
  #latest = new Map<string, Held>();
  readonly #loans = new Loans();

  /**
   * Begins a generation. Nothing has changed until it is kept.
   *
   * @param owned what the user has given to be used in it
   */
  begin(owned: ReadonlySet<object>): PartGeneration {
    return new PartGeneration(this.#latest, this.#loans, owned, (parts) => {
      this.#latest = parts;
    });
  }
}

/** The parts of one generation of options. */
export class PartGeneration {
  readonly #former: ReadonlyMap<string, Held>;
  readonly #loans: Loans;
  readonly #owned: ReadonlySet<object>;
  readonly #keep: (parts: Map<string, Held>) => void;
  readonly #parts = new Map<string, Held>();

  constructor(
    former: ReadonlyMap<string, Held>,
    loans: Loans,
    owned: ReadonlySet<object>,
    keep: (parts: Map<string, Held>) => void,
  ) {
    this.#former = former;
    this.#loans = loans;
    this.#owned = owned;
    this.#keep = keep;
    for (const each of owned) loans.take(each);
  }

  /** What the user has given, for a part that would close it. */
  lend<Owned extends object | undefined>(owned: Owned): Owned {
    return owned && this.#loans.lend(owned);
  }

  /** The former generation's part, if it was made of the same inputs, else a new one. */
  part<Inputs, Part>(name: string, inputs: Inputs, make: (inputs: Inputs) => Part): Part {
    const former = this.#former.get(name);
    const held =
      former && isDeepStrictEqual(former.inputs, inputs) ? former : { inputs, part: make(inputs), users: 0 };
    this.#parts.set(name, held);
    return held.part as Part;
  }

  /** Has this generation's parts be those that the next one begins with. */
  keep(): void {
    for (const held of this.#parts.values()) held.users += 1;
    this.#keep(this.#parts);
  }

  /** Closes what was made for this generation, which is not kept. What the user has given to it stays open. */
  async discard(): Promise<void> {
    await closeAll([...this.#parts.values()].filter(({ users }) => users === 0));
    this.#giveBack();
  }

  /**
   * Nobody uses this generation any more: closes what no other one uses, in the order in which it was made.
   *
   * @throws what the first part threw that could not be closed; the others are closed all the same
   */
  async release(): Promise<void> {
    this.#giveBack();
    const over = [...this.#parts.values()].filter((held) => {
      held.users -= 1;
      return held.users === 0;
    });
    await closeAll(over);
  }

  #giveBack(): void {
    for (const each of this.#owned) this.#loans.giveBack(each);
  }
}

async function closeAll(all: readonly Held[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { part } of all) {
    try {
      await (part as Closable | undefined)?.close?.();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
