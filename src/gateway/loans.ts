interface Closable {
  close?(): unknown;
}

type Method = (this: object, ...given: unknown[]) => unknown;

/**
 * What the user has given to be used, such as sinks and stores, over several generations of options. A part closes what
 * it was given, and may do so only where no generation that goes on has it too.
 */
export class Loans {
  readonly #users = new Map<object, number>();
  readonly #lent = new WeakMap<object, object>();

  /** One generation more has it. */
  take(owned: object): void {
    this.#users.set(owned, (this.#users.get(owned) ?? 0) + 1);
  }

  /** One generation less has it. */
  giveBack(owned: object): void {
    const users = (this.#users.get(owned) ?? 0) - 1;
    if (users > 0) this.#users.set(owned, users);
    else this.#users.delete(owned);
  }

  /** The same in all but this: `close()` does nothing while a generation has it. */
  lend<Owned extends object>(owned: Owned): Owned {
    const known = this.#lent.get(owned);
    if (known) return known as Owned;
    const bound = new WeakMap<Method, Method>();
    const close = (): unknown =>
      this.#users.has(owned) ? undefined : (owned as Closable).close?.call(owned);
    // What stands in has no properties of its own: those of a frozen object could not be answered by others.
    const lent = new Proxy(Object.create(Object.getPrototypeOf(owned)), {
      has: (_own, name) => name in owned,
      get(_own, name) {
        const value: unknown = Reflect.get(owned, name, owned);
        if (typeof value !== 'function') return value;
        if (name === 'close') return close;
        const known = bound.get(value as Method);
        if (known) return known;
        const method: Method = (value as Method).bind(owned);
        bound.set(value as Method, method);
        return method;
      },
    });
    this.#lent.set(owned, lent);
    return lent as Owned;
  }
}
