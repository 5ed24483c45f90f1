/** Percent of `src/` that all tests together must reach, a little below what they do. `npm run coverage` checks it. */
const floor = { lines: 96, branches: 95 };

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, sourceMaps: 'inline' },
    ],
  },
  moduleNameMapper: {
    '^gatewright$': '<rootDir>/src/index.ts',
    '^gatewright/undici$': '<rootDir>/src/proxy-router/undici-transport.ts',
    '^gatewright/(.+)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/global-setup.ts',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: floor },
  maxWorkers: 2,
  // The long forms of tests take minutes, on a busy machine many.
  testTimeout: process.env['SOAK'] ? 300_000 : 20_000,
  workerIdleMemoryLimit: '1GB',
};
