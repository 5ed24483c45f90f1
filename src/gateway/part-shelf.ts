import { isDeepStrictEqual } from 'node:util';

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

  /** Begins a generation. Nothing has changed until it is kept. */
  begin(): PartGeneration {
    return new PartGeneration(this.#latest, (parts) => {
      this.#latest = parts;
    });
  }
}

/** The parts of one generation of options. */
export class PartGeneration {
  readonly #former: ReadonlyMap<string, Held>;
  readonly #keep: (parts: Map<string, Held>) => void;
  readonly #parts = new Map<string, Held>();

  constructor(former: ReadonlyMap<string, Held>, keep: (parts: Map<string, Held>) => void) {
    this.#former = former;
    this.#keep = keep;
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

  /** Closes what was made for this generation, which is not kept. */
  async discard(): Promise<void> {
    for (const { part, users } of this.#parts.values()) if (users === 0) await (part as Closable)?.close?.();
  }

  /** Nobody uses this generation any more: closes what no other one uses, in the order in which it was made. */
  async release(): Promise<void> {
    const over = [...this.#parts.values()].filter((held) => {
      held.users -= 1;
      return held.users === 0;
    });
    for (const { part } of over) await (part as Closable | undefined)?.close?.();
  }
}
