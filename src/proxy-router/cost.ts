import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext, RequestCost } from '../core/context.js';
import { pathOf } from '../core/path.js';
import type { ResolvedCost } from './cost-options.js';
import { fieldOf, pairsOf } from './response-headers.js';
import { firstFit } from './rule-match.js';

/** A number as programs write it, such as `0.002` or `1e-05`. */
const amount = /^\d{1,12}(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?$/i;

/** What a request is estimated to cost, in dollars; NaN where a function of the user's does not say. */
export function estimatedCost(
  { estimated, rules }: ResolvedCost,
  req: Pick<IncomingMessage, 'url' | 'method'>,
  rest: string,
): number {
  if (rules.length > 0) {
    const rule = firstFit(rules, req.method ?? 'GET', pathOf(rest) || '/');
    if (rule) return rule.estimated;
  }
  if (typeof estimated === 'number') return estimated;
  try {
    const dollars = estimated(req as IncomingMessage);
    return Number.isFinite(dollars) && dollars >= 0 ? dollars : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** Learns what one request has cost, and leaves it on the request before the limiter settles. */
export class CostMeter {
  readonly #rules: ResolvedCost;
  readonly #context: GatewayContext;
  readonly #onRejected: (cause: string) => void;
  readonly #startedAt = performance.now();
  #stated: number | undefined;
  #rawHeaders: readonly string[] = [];
  #status = 0;
  #bytes = 0;

  /** Undefined where nothing but estimates is known of a service. */
  static for(
    rules: ResolvedCost,
    context: GatewayContext,
    onRejected: (cause: string) => void,
  ): CostMeter | undefined {
    if (rules.header === undefined && rules.actual === undefined) return undefined;
    return new CostMeter(rules, context, onRejected);
  }

  private constructor(rules: ResolvedCost, context: GatewayContext, onRejected: (cause: string) => void) {
    this.#rules = rules;
    this.#context = context;
    this.#onRejected = onRejected;
    context.outcome.onEnd(() => this.#settle());
  }

  onHead(status: number, rawHeaders: readonly string[], res: ServerResponse): void {
    this.#status = status;
    this.#rawHeaders = rawHeaders;
    this.#read(rawHeaders);
    const { header, keepHeader } = this.#rules;
    if (header !== undefined && !keepHeader) res.removeHeader(header);
  }

  onData(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The trailers that go to the client. */
  onTrailers(rawTrailers: readonly string[]): readonly string[] {
    this.#read(rawTrailers);
    const { header, keepHeader } = this.#rules;
    if (header === undefined || keepHeader) return rawTrailers;
    return pairsOf(rawTrailers)
      .filter(([name]) => name.toLowerCase() !== header)
      .flat();
  }

  #read(fields: readonly string[]): void {
    const { header } = this.#rules;
    const value = header === undefined ? undefined : fieldOf(fields, header);
    if (value === undefined) return;
    this.#stated = this.#believed(amount.test(value.trim()) ? Number(value) : Number.NaN, value);
  }

  #settle(): void {
    if (this.#status === 0) return; // No upstream has answered.
    const dollars = this.#stated ?? this.#computed();
    if (dollars === undefined) return;
    const cost: RequestCost = this.#context.cost ?? { estimated: this.#context.service?.cost ?? 0 };
    cost.actual = dollars;
    this.#context.cost = cost;
  }

  #computed(): number | undefined {
    const { actual } = this.#rules;
    if (actual === undefined) return undefined;
    const headers = Object.fromEntries(
      pairsOf(this.#rawHeaders).map(([name]) => [
        name.toLowerCase(),
        fieldOf(this.#rawHeaders, name.toLowerCase()),
      ]),
    );
    const durationMs = performance.now() - this.#startedAt;
    try {
      const response = { status: this.#status, headers, bytes: this.#bytes, durationMs };
      const dollars = actual(response, this.#context);
      return dollars === undefined ? undefined : this.#believed(dollars, dollars);
    } catch (cause) {
      this.#onRejected(String(cause));
      return undefined;
    }
  }

  /** What is no amount, or an absurd one, is not believed: the estimate is charged. */
  #believed(dollars: number, said: unknown): number | undefined {
    if (Number.isFinite(dollars) && dollars >= 0 && dollars <= this.#rules.maxActual) return dollars;
    this.#onRejected(`${String(said).slice(0, 64)} is no cost from 0 to ${this.#rules.maxActual} dollars`);
    return undefined;
  }
}
