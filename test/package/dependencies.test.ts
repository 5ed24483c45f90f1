import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

/** One place of the tree, as the lockfile has it. */
interface Place {
  readonly version?: string;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly devOptional?: boolean;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Place>;
};
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

/** What whoever installs the package gets. */
const production = Object.entries(packages)
  .filter(([path, { dev, peer, devOptional }]) => path !== '' && !dev && !peer && !devOptional)
  .map(([path, place]) => ({ ...place, name: path.replace(/^.*node_modules\//, '') }));

/** Packages that are there in two versions, with the reason. */
const twice: Record<string, string> = {
  '@colors/colors':
    'winston takes 1.6.0 exactly, and logform, which is winston’s own, 1.6.1 or later: 40 kB.',
};

describe('what whoever installs the package gets', () => {
  test('is not much', () => {
    expect(Object.keys(dependencies).length).toBeLessThanOrEqual(18);
    expect(production.length).toBeGreaterThan(Object.keys(dependencies).length);
    expect(production.length).toBeLessThanOrEqual(90);
  });

  test('has no package in two versions, but for those that are known', () => {
    const versions = new Map<string, Set<string | undefined>>();
    for (const { name, version } of production)
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
    const several = [...versions].filter(([, found]) => found.size > 1).map(([name]) => name);
    expect(several).toEqual(Object.keys(twice));
  });

  test('has no package that its author has deprecated', () => {
    expect(production.filter(({ deprecated }) => deprecated !== undefined)).toEqual([]);
  });

  test('runs no script when it is installed', () => {
    expect(production.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
  });

  test('may be used by everybody', () => {
    const free = /^\(?(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0)/;
    expect(production.filter(({ license = '' }) => !free.test(license)).map(({ name }) => name)).toEqual([]);
  });
});

describe('the lockfile', () => {
  test('names no registry', () => {
    expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved"');
  });

  test('has no deprecated package among the tools that package.json names', () => {
    const named = Object.keys(devDependencies).map((name) => packages[`node_modules/${name}`]);
    expect(named.filter((place) => place?.deprecated !== undefined)).toEqual([]);
  });
});
