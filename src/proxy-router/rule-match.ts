import { isBelow } from '../core/path.js';

/** What a rule of a service is about. */
interface Scope {
  readonly methods?: readonly string[] | undefined;
  readonly path?: string | undefined;
}

/** The first rule that fits a method and a path below the service's. */
export function firstFit<Rule extends Scope>(
  rules: readonly Rule[],
  method: string,
  path: string,
): Rule | undefined {
  return rules.find(
    (rule) =>
      (rule.methods === undefined || rule.methods.includes(method)) &&
      (rule.path === undefined || isBelow(path, rule.path)),
  );
}
