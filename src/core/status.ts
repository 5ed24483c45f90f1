/** What one part of a gateway contributes to `/health`. */
export interface StatusReport {
  /** Whether Redis answers; left out by parts that use none. */
  readonly redis?: boolean;
  /** False where this part refuses every request now. */
  readonly serving?: boolean;
  /** By service name: whether it can be served. */
  readonly services?: Readonly<Record<string, boolean>>;
  /** By part: whether it is on and working. */
  readonly middleware?: Readonly<Record<string, boolean>>;
}

/** A part of a gateway that knows how it is. */
export interface StatusSource {
  status(): StatusReport;
}

/** `healthy`: all is well. `degraded`: something is down, something can be served. `unhealthy`: nothing can. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** The answer of `GET /health`, in the documented shape. */
export interface Health {
  readonly status: HealthStatus;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly components: {
    /** Whether Redis answers; null where none is used. */
    readonly redis: boolean | null;
    readonly services: Readonly<Record<string, boolean>>;
    readonly middleware: Readonly<Record<string, boolean>>;
  };
}

/** Merges what all parts say. A service is well if no part says that it is not. */
export function healthOf(sources: Iterable<StatusSource>, now: Date): Health {
  const services: Record<string, boolean> = {};
  const middleware: Record<string, boolean> = {};
  let redis: boolean | null = null;
  let serving = true;
  for (const source of sources) {
    const report = source.status();
    for (const [name, up] of Object.entries(report.services ?? {}))
      services[name] = (services[name] ?? true) && up;
    Object.assign(middleware, report.middleware);
    if (report.redis !== undefined) redis = (redis ?? true) && report.redis;
    if (report.serving === false) serving = false;
  }
  return {
    status: serving ? judge(Object.values(services), redis) : 'unhealthy',
    timestamp: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    components: { redis, services, middleware },
  };
}

function judge(services: readonly boolean[], redis: boolean | null): HealthStatus {
  if (services.length > 0 && !services.includes(true)) return 'unhealthy';
  return services.includes(false) || redis === false ? 'degraded' : 'healthy';
}
