import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { createGateway, type GatewayOptions } from 'gatewright';
import { type TracingOptions, tracing } from 'gatewright/tracing';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { until, upstream } from '../proxy-router/support.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const spans = () => exporter.getFinishedSpans();

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parentId}-01`;

describe('with an SDK that is registered', () => {
  beforeAll(() => provider.register());
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });

  async function traced(own: TracingOptions = {}, more: Partial<GatewayOptions> = {}, status = 200) {
    const behind = await upstream((_req, res) => {
      res.statusCode = status;
      res.end('ok');
    });
    const gateway = createGateway({
      services: { '/api/kgot': { targets: [behind.url], cost: 0.002, retries: false } },
      authenticate: false,
      tracing: tracing(own),
      ...more,
    });
    cleanup(() => gateway.close());
    const { url } = await serve(gateway.listener);
    return { url, seen: behind.seen };
  }

  test('a request is a server span on the client’s trace, and goes upstream in it', async () => {
    const { url, seen } = await traced();
    const headers = { traceparent, tracestate: 'a=1', 'User-Agent': 'curl' };
    await send(url, '/api/kgot/x?token=secret', { headers });
    await until(() => spans().length === 1);
    const [span] = spans();
    expect(span).toMatchObject({
      name: 'GET /api/kgot',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      parentSpanContext: { traceId, spanId: parentId },
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'http.route': '/api/kgot',
        'url.path': '/api/kgot/x',
        'url.scheme': 'http',
        'network.protocol.version': '1.1',
        'client.address': '127.0.0.1',
        'server.address': '127.0.0.1',
        'user_agent.original': 'curl',
        'gateway.service': 'kgot',
        'gateway.cost': 0.002,
        'gateway.ending': 'finished',
        'gateway.upstream.attempts': 1,
      },
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('secret');
    const own = span?.spanContext();
    expect(own?.traceId).toBe(traceId);
    expect(seen[0]?.headers).toMatchObject({
      traceparent: `00-${traceId}-${own?.spanId}-01`,
      tracestate: 'a=1',
    });
  });

  test('begins a trace of its own where there is none, or where the client’s is not wanted', async () => {
    const { url, seen } = await traced({ newTrace: true });
    await send(url, '/api/kgot', { headers: { traceparent, tracestate: 'a=1' } });
    await until(() => spans().length === 1);
    const own = spans()[0]?.spanContext();
    expect(own?.traceId).not.toBe(traceId);
    expect(seen[0]?.headers).toMatchObject({ traceparent: `00-${own?.traceId}-${own?.spanId}-01` });
    expect(seen[0]?.headers['tracestate']).toBeUndefined();
  });

  test.each(['nonsense', '00-0-0-00', `ff-${traceId}-${parentId}-01`, 'x'.repeat(4000)])(
    'a traceparent that is none begins a new trace: %.20p',
    async (wrong) => {
      const { url, seen } = await traced();
      expect((await send(url, '/api/kgot', { headers: { traceparent: wrong } })).status).toBe(200);
      await until(() => spans().length === 1);
      expect(seen[0]?.headers['traceparent']).toBe(
        `00-${spans()[0]?.spanContext().traceId}-${spans()[0]?.spanContext().spanId}-01`,
      );
    },
  );

  test('a failed request is an error, with its kind', async () => {
    const { url } = await traced({}, {}, 503);
    await send(url, '/api/kgot');
    const away = await traced(
      {},
      { services: { '/api/kgot': { targets: ['http://127.0.0.1:1'], retries: false } } },
    );
    await send(away.url, '/api/kgot');
    await until(() => spans().length === 2);
    expect(spans().map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
      [SpanStatusCode.ERROR, '503'],
      [SpanStatusCode.ERROR, 'unreachable'],
    ]);
  });

  test('a refusal is a span with its code, and no error', async () => {
    const { url } = await traced({}, { authenticate: {} });
    await send(url, '/api/kgot');
    await send(url, '/nowhere', { method: 'PROPFIND' });
    await until(() => spans().length === 2);
    expect(
      spans().map(({ name, status, attributes }) => [name, status.code, attributes['gateway.refusal']]),
    ).toEqual([
      ['GET /api/kgot', SpanStatusCode.UNSET, 'ERR_GATEWAY_AUTHENTICATION_FAILED'],
      ['HTTP', SpanStatusCode.UNSET, 'ERR_GATEWAY_NOT_FOUND'],
    ]);
  });

  describe.each(mounts)('in %s', (_name, mount) => {
    test('what comes after runs within the span', async () => {
      const { url } = await serve(
        mount(tracing(), (_req, res) => {
          trace.getTracer('app').startSpan('inner').end();
          res.end();
        }),
      );
      await send(url, '/');
      await until(() => spans().length === 2);
      const [inner, outer] = spans();
      expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    });
  });
});

test('without an SDK a request is as it was: its trace is passed on', async () => {
  const behind = await upstream();
  const gateway = createGateway({
    services: { '/api': behind.url },
    authenticate: false,
    tracing: tracing(),
  });
  cleanup(() => gateway.close());
  const { url } = await serve(gateway.listenerFor((_req, res) => res.end()));
  await send(url, '/api', { headers: { traceparent, tracestate: 'a=1' } });
  expect(behind.seen[0]?.headers).toMatchObject({ traceparent, tracestate: 'a=1' });
});

test.each<[string, unknown, string]>([
  ['a provider that is none', { tracerProvider: {} }, '`tracing.tracerProvider`'],
  ['an unknown option', { newTraces: true }, 'Did you mean `newTrace`?'],
])('refuses %s', (_what, options, message) => {
  expect(() => tracing(options as TracingOptions)).toThrow(message);
});
