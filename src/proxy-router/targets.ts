/** One upstream server, its address taken apart once. */
export interface Target {
  /** For logs and `req.gateway.upstream`. */
  readonly origin: string;
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  /** Value of `Host`. */
  readonly host: string;
  /** Without a slash at the end; empty where there is none. */
  readonly basePath: string;
  readonly weight: number;
}

/** Takes a target's URL apart. */
export function targetOf({ url, weight }: { url: string; weight: number }): Target {
  const { origin, protocol, hostname, port, host, pathname } = new URL(url);
  const secure = protocol === 'https:';
  return {
    origin,
    protocol: secure ? 'https:' : 'http:',
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    host,
    basePath: pathname.replace(/\/$/, ''),
    weight,
  };
}

/**
 * Smooth weighted round-robin, as nginx does it: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
 */
export function weightedRoundRobin(targets: readonly Target[]): () => Target {
  const [only] = targets;
  if (targets.length === 1 && only) return () => only;
  const total = targets.reduce((sum, target) => sum + target.weight, 0);
  const credits = targets.map(() => 0);
  return function nextTarget() {
    let best = 0;
    targets.forEach((target, at) => {
      credits[at] = (credits[at] as number) + target.weight;
      if ((credits[at] as number) > (credits[best] as number)) best = at;
    });
    credits[best] = (credits[best] as number) - total;
    return targets[best] as Target;
  };
}
