import { ConfigError } from '../core/config-error.js';
import { endpointsSchema, type GatewayOptions, type ResolvedEndpoints } from './options.js';

const none: ResolvedEndpoints = {
  info: false,
  health: false,
  live: false,
  ready: false,
  metrics: false,
  usage: false,
  apiKeys: false,
  tickets: false,
  circuitBreakers: false,
};

/** Where the endpoints are for a gateway that is served directly, and for one that is mounted. */
export function endpointPaths(options: GatewayOptions): {
  direct: ResolvedEndpoints;
  mounted: ResolvedEndpoints;
} {
  const { endpoints } = options;
  if (endpoints === false) return { direct: none, mounted: none };
  const paths = endpointsSchema.parse(typeof endpoints === 'object' ? endpoints : {});
  assertNoClash(paths, Object.keys(options.services));
  return { direct: paths, mounted: endpoints === undefined ? none : paths };
}

function assertNoClash(paths: ResolvedEndpoints, services: readonly string[]): void {
  const problems: string[] = [];
  const taken = new Map<string, string>();
  for (const [endpoint, path] of Object.entries(paths)) {
    if (path === false) continue;
    const clash = services.find((service) => service === path || service === `${path}/`);
    const other = clash === undefined ? taken.get(path) : `\`services[${JSON.stringify(clash)}]\``;
    if (other !== undefined) {
      problems.push(
        `${other} is the path of the endpoint \`endpoints.${endpoint}\` too. Set that to another path, or to false.`,
      );
    }
    taken.set(path, `\`endpoints.${endpoint}\``);
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
