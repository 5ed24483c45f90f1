/** Keys and indexes that lead to an option. */
export type ConfigPath = readonly PropertyKey[];

/** A path as a key of a map. */
export function pathKey(path: ConfigPath): string {
  return JSON.stringify(path.map((step) => (typeof step === 'symbol' ? String(step) : step)));
}

/** Writes a path as its user would: `services["/api/kgot"].targets[0]`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `[${JSON.stringify(name)}]`;
      return at === 0 ? name : `.${name}`;
    })
    .join('');
}

const step = /\.?([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** Reads the path that a message begins with, between back quotes; undefined where there is none. */
export function pathOfMessage(message: string): ConfigPath | undefined {
  const text = /^`([^`]+)`/.exec(message)?.[1];
  if (text === undefined) return undefined;
  const path: PropertyKey[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    if (found === null) return undefined;
    const [, name, index, quoted] = found;
    if (name !== undefined) path.push(name);
    else path.push(index === undefined ? JSON.parse(quoted as string) : Number(index));
  }
  return path;
}
