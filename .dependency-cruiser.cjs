// The architecture as rules: who may import whom, and which folder may load which package.
// Checked by `npm run imports`; test/imports.test.ts plants violations and expects them to be reported.

const factories = [
  'audit',
  'authenticate',
  'rate-limit',
  'analytics',
  'circuit-breaker',
  'bulkhead',
  'tracing',
  'proxy-router',
];
const factory = `(?:${factories.join('|')})`;

/** The only places in src/ that may load a third-party package, type-only imports included. */
const packages = {
  zod: ['^src/[^/]+/[a-z-]*options\\.ts$', '^src/core/option-problems\\.ts$'],
  leven: '^src/core/option-problems\\.ts$',
  jsonwebtoken: '^src/authenticate/',
  'structured-headers': '^src/authenticate/',
  'proxy-addr': '^src/core/client-ip\\.ts$',
  'http-proxy-middleware': '^src/proxy-router/',
  undici: '^src/proxy-router/undici-',
  cockatiel: '^src/(circuit-breaker|redis)/',
  'rate-limiter-flexible': '^src/(rate-limit|authenticate)/',
  ioredis: '^src/redis/(connect|client)\\.ts$',
  'prom-client': '^src/analytics/',
  '@opentelemetry/api': '^src/tracing/',
  negotiator: '^src/analytics/',
  'rotating-file-stream': '^src/analytics/file-sink\\.ts$',
  cors: '^src/gateway/cors\\.ts$',
  'ipaddr.js': '^src/core/address-subject\\.ts$',
  'lru-cache': '^src/(rate-limit|authenticate)/',
  yaml: '^src/cli/',
  winston: '^src/cli/',
  commander: '^src/cli/',
};

const forbidden = [
  {
    name: 'no-circles',
    comment: 'A circle of imports cannot be read from either end.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'unresolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'core-is-the-ground-floor',
    comment: 'core/ imports nothing above it.',
    severity: 'error',
    from: { path: '^src/(core|redis)/' },
    to: { path: '^src/', pathNot: '^src/(core|$1)/' },
  },
  {
    name: 'factories-are-independent',
    comment: 'A factory imports core/, redis/ and itself: no other factory, no gateway, no public face.',
    severity: 'error',
    from: { path: `^src/(${factory})/` },
    to: { path: '^src/', pathNot: '^src/(core|redis|$1)/' },
  },
  {
    name: 'gateway-below-server',
    severity: 'error',
    from: { path: '^src/gateway/' },
    to: { path: '^src/(server|cli|index\\.ts)' },
  },
  {
    name: 'server-below-cli',
    severity: 'error',
    from: { path: '^src/server/' },
    to: { path: '^src/(cli|index\\.ts)' },
  },
  {
    name: 'nothing-above-cli',
    comment: 'The command line is a program, and no part of the library.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/cli/' },
    to: { path: '^src/cli/' },
  },
  {
    name: 'process-is-for-the-top',
    comment: 'The environment, signals and exits are for cli/ and server/ alone.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(cli|server)/' },
    to: { path: '^(node:)?(process|cluster|child_process)$' },
  },
  {
    name: 'package-not-listed',
    comment: 'A new dependency needs a line in `packages`.',
    severity: 'error',
    from: { path: '^src/' },
    to: {
      dependencyTypes: [
        'npm',
        'npm-dev',
        'npm-optional',
        'npm-peer',
        'npm-no-pkg',
        'npm-unknown',
        'npm-bundled',
      ],
      pathNot: `node_modules/(?:@types/)?(?:${Object.keys(packages).join('|')})/`,
    },
  },
  {
    name: 'installed-with-us',
    comment: 'Whoever installs this package does not get its devDependencies, unless they are peers too.',
    severity: 'error',
    from: { path: '^src/' },
    to: {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['npm-peer'],
      pathNot: 'node_modules/@types/',
    },
  },
  ...Object.entries(packages).map(([name, where]) => ({
    name: `${name}-in-its-place`,
    severity: 'error',
    from: { path: '^src/', pathNot: where },
    to: { path: `node_modules/(?:@types/)?${name}/` },
  })),
];

module.exports = {
  forbidden,
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
