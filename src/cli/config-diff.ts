import { type ConfigPath, pathKey, pathText } from './config-path.js';
import type { LoadedConfig } from './load-config.js';
import { isSecretName, redactText } from './redact.js';

/** So many changes are worth reading. */
const MAX_LINES = 50;

/**
 * What has changed between two configurations, a line for each option, such as `port: 8080 -> 8081`. References are
 * shown in place of what they give, and what is secret by its name is not shown.
 */
export function configDiff(before: LoadedConfig, after: LoadedConfig): string[] {
  const [former, latter] = [leavesOf(before), leavesOf(after)];
  const lines: string[] = [];
  for (const key of new Set([...former.keys(), ...latter.keys()])) {
    const [was, is] = [former.get(key), latter.get(key)];
    if (was?.value === is?.value) continue;
    const path = (was ?? is)?.path ?? [];
    lines.push(`${pathText(path)}: ${shown(was)} -> ${shown(is)}`);
  }
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `and ${lines.length - MAX_LINES} more`];
}

interface Leaf {
  readonly path: ConfigPath;
  readonly value: unknown;
  /** What stands for a value that references are in. */
  readonly reference: string | undefined;
}

function leavesOf({ values, origins }: LoadedConfig): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const walk = (value: unknown, path: ConfigPath): void => {
    if (typeof value === 'object' && value !== null) {
      const isArray = Array.isArray(value);
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, isArray ? Number(key) : key]);
      return;
    }
    const key = pathKey(path);
    leaves.set(key, { path, value, reference: origins.references.get(key)?.shown });
  };
  walk(values, []);
  return leaves;
}

function shown(leaf: Leaf | undefined): string {
  if (leaf === undefined) return 'nothing';
  const { path, value, reference } = leaf;
  if (reference !== undefined) return reference;
  if (path.some((step) => isSecretName(String(step)) || step === 'hash')) return '[redacted]';
  const text = JSON.stringify(value) ?? String(value);
  return redactText(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
