import { isDeepStrictEqual } from 'node:util';
import { checkOptions } from '../core/options.js';
import { Generation } from './generation.js';
import { Lasting } from './lasting.js';
import { type GatewayOptions, gatewaySchema } from './options.js';
import { ownedPorts } from './owned-ports.js';
import { PartShelf } from './part-shelf.js';

/** What a change of options has done. */
export interface Reloaded {
  /** The options that have changed, by their names. */
  readonly changed: readonly string[];
  /** Those that cannot be changed while it runs, and have not been. */
  readonly restart: readonly string[];
}

/** What belongs to the process as a whole. */
const fixed = ['redis', 'logger'] as const;

/** What a gateway is and was: the options that hold, and former ones by which requests still run. */
export class Generations {
  readonly #lasting: Lasting;
  readonly #shelf = new PartShelf();
  readonly #live = new Set<Generation>();
  /** Generations whose parts are being closed. */
  readonly #releasing = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;
  #options: GatewayOptions;
  #current: Generation;
  #ready = true;

  /** @throws ConfigError for what the schema does not find; nothing is left open then */
  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#lasting = new Lasting(options);
    try {
      this.#current = this.#make(options);
    } catch (error) {
      this.#lasting.close().catch(() => undefined);
      throw error;
    }
  }

  get current(): Generation {
    return this.#current;
  }

  /**
   * Once everything is closed, or is about to be, it changes nothing.
   *
   * @throws ConfigError for wrong options, which change nothing
   */
  reload(wanted: GatewayOptions): Reloaded {
    checkOptions('', gatewaySchema, wanted);
    if (this.#closing) return { changed: [], restart: [] };
    const restart = fixed.filter((name) => !isDeepStrictEqual(this.#options[name], wanted[name]));
    const { redis, logger } = this.#options;
    const options = { ...wanted, redis, logger };
    const names = new Set([...Object.keys(this.#options), ...Object.keys(options)]) as Set<
      keyof GatewayOptions
    >;
    const changed = [...names].filter((name) => !isDeepStrictEqual(this.#options[name], options[name]));
    if (changed.length > 0) {
      const former = this.#current;
      this.#current = this.#make(options);
      this.#options = options;
      void this.#retire(former);
    }
    return { changed, restart };
  }

  drain(): void {
    this.#ready = false;
  }

  async closeWebSockets(): Promise<void> {
    await Promise.all([...this.#live].map(({ parts }) => parts.router.closeWebSockets()));
  }

  /** Closes everything, whether or not requests still run. @throws what the first part threw that could not be */
  close(): Promise<void> {
    this.#ready = false;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const generation of this.#live) {
      await this.#release(generation).catch((error: unknown) => failures.push(error));
    }
    await Promise.all(this.#releasing);
    await this.#lasting.close();
    if (failures.length > 0) throw failures[0];
  }

  #make(options: GatewayOptions): Generation {
    const parts = this.#shelf.begin(ownedPorts(options));
    this.#lasting.prepare();
    let generation: Generation;
    try {
      generation = new Generation(options, this.#lasting, parts, () => this.#ready);
    } catch (error) {
      parts.discard().catch(() => undefined);
      throw error;
    }
    generation.begin(this.#lasting);
    this.#live.add(generation);
    return generation;
  }

  /** Closes what is only a former generation's when its last request has ended, unless all was closed before that. */
  async #retire(former: Generation): Promise<void> {
    await former.idle();
    if (!this.#live.has(former)) return;
    const released = this.#release(former)
      .catch((error) => this.#options.logger?.error('A part could not be closed', { error: String(error) }))
      .finally(() => this.#releasing.delete(released));
    this.#releasing.add(released);
  }

  async #release(generation: Generation): Promise<void> {
    if (!this.#live.delete(generation)) return;
    await generation.release();
  }
}
