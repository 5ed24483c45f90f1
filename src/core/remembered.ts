/** So many names are remembered: more than anybody has a use for, and few enough for whoever makes them up. */
const MOST = 1000;

/** Remembers what a function says of a name. Where there are too many, all are forgotten, so that made-up ones don't stay. */
export function remembered<Value>(of: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, Value>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const value = of(name);
    if (known.size >= MOST) known.clear();
    known.set(name, value);
    return value;
  };
}
