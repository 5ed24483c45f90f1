import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { endpointsSchema } from '../../src/gateway/options.js';
import { startSchema } from '../../src/server/options.js';
import { debianProgram } from '../debian-program.js';
import { cleanup, serve } from '../helpers.js';
import * as certificates from '../proxy-router/certificates.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';

const run = promisify(execFile);
const folder = resolve('examples/deploy');
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
const paths = endpointsSchema.parse({});

/** The options in a configuration file, with an address in place of each reference. */
const optionsOf = (text: string) =>
  startSchema.parse(parse(text.replaceAll(/\$\{REDIS_URL[^}]*\}/g, 'redis://localhost:6379')));

/** How long a gateway of a configuration may take to end, in seconds. */
function drainOf(text: string): number {
  const { drainDelayMs, drainTimeoutMs } = optionsOf(text).server;
  return (drainDelayMs + drainTimeoutMs) / 1000;
}

// biome-ignore lint/suspicious/noExplicitAny: what a file holds is what is tested
type Tree = any;

const objects: Tree[] = parseAllDocuments(textOf('kubernetes.yaml')).map((document) => document.toJS());
const named = (kind: string): Tree => objects.find((object) => object.kind === kind);
const deployment = named('Deployment');
const pod = deployment.spec.template;
const container = pod.spec.containers[0];
const config: string = named('ConfigMap').data['gateway-config.yaml'];

test('both configurations are valid, and take time to drain that those who stop them give', () => {
  const own = drainOf(textOf('gateway-config.yaml'));
  const compose = parse(textOf('docker-compose.yml'));
  const stop = (text: string): number => Number(/^(\d+)s?$/.exec(text)?.[1]);
  expect(stop(compose.services.gateway.stop_grace_period)).toBeGreaterThan(own);
  expect(stop(/^TimeoutStopSec=(.*)$/m.exec(textOf('gatewright.service'))?.[1] ?? '')).toBeGreaterThan(own);
  expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(drainOf(config));
});

test('everything in Kubernetes is about the pods of the deployment', () => {
  const { labels } = pod.metadata;
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(named('Service').spec.selector).toEqual(labels);
  expect(named('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
  expect(named('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
  expect(pod.spec.topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(labels);
  const { scaleTargetRef, minReplicas } = named('HorizontalPodAutoscaler').spec;
  expect(scaleTargetRef).toMatchObject({ kind: 'Deployment', name: deployment.metadata.name });
  expect(named('PodDisruptionBudget').spec.minAvailable).toBeLessThan(minReplicas);
});

test('ports, probes, secrets and volumes are those that there are', () => {
  const { port } = optionsOf(config);
  expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
  expect(named('Service').spec.ports[0].targetPort).toBe('http');
  expect(named('NetworkPolicy').spec.ingress[0].ports).toEqual([{ port }]);
  expect(container.livenessProbe.httpGet).toEqual({ path: paths.live, port: 'http' });
  expect(container.readinessProbe.httpGet).toEqual({ path: paths.ready, port: 'http' });
  const { annotations } = pod.metadata;
  expect([annotations['prometheus.io/port'], annotations['prometheus.io/path']]).toEqual([
    String(port),
    paths.metrics,
  ]);
  const { periodSeconds, failureThreshold } = container.readinessProbe;
  expect(periodSeconds * failureThreshold * 1000).toBeLessThan(optionsOf(config).server.drainDelayMs);
  const { stringData, metadata } = named('Secret');
  const refs = container.env.flatMap((each: Tree) => each.valueFrom?.secretKeyRef ?? []);
  expect(refs.map(({ name }: Tree) => name)).toEqual(refs.map(() => metadata.name));
  for (const { key } of refs) expect(stringData[key].length).toBeGreaterThanOrEqual(32);
  const [volume] = pod.spec.volumes;
  expect(volume.configMap.name).toBe(named('ConfigMap').metadata.name);
  expect(container.volumeMounts[0].name).toBe(volume.name);
  expect(container.args.at(-1)).toBe(`${container.volumeMounts[0].mountPath}/gateway-config.yaml`);
});

test('what stands in front asks the endpoints, and gives up connections first', () => {
  const { keepAliveTimeoutMs } = optionsOf(textOf('gateway-config.yaml')).server;
  const nginx = /keepalive_timeout (\d+)s;/.exec(textOf('nginx.conf'))?.[1];
  const caddy = /keepalive (\d+)s/.exec(textOf('Caddyfile'))?.[1];
  for (const seconds of [nginx, caddy]) expect(Number(seconds) * 1000).toBeLessThan(keepAliveTimeoutMs);
  expect(textOf('Caddyfile')).toContain(`health_uri ${paths.ready}\n`);
});

/** A free port of the loopback interface. */
async function freePort(): Promise<number> {
  const { port, server } = await serve(() => undefined);
  await new Promise((closed) => server.close(closed));
  return port;
}

test('the commands of the Dockerfile check, serve, tell of health, and drain at SIGTERM', async () => {
  const image = textOf('Dockerfile').replaceAll('\\\n', '');
  const check = /^RUN (node .*)$/m.exec(image)?.[1]?.split(' ') as string[];
  const serveCommand: string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(image)?.[1] ?? '');
  const healthCommand: string[] = JSON.parse(/^HEALTHCHECK .* CMD (\[.*\])$/m.exec(image)?.[1] ?? '');
  const cwd = mkdtempSync(join(tmpdir(), 'gatewright-'));
  cleanup(() => rmSync(cwd, { recursive: true }));
  for (const file of ['package.json', 'gateway-config.yaml']) await cp(join(folder, file), join(cwd, file));
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(resolve('.'), join(cwd, 'node_modules/gatewright'));
  const [redis, port] = [await RedisServer.start(), await freePort()];
  const env = { ...process.env, REDIS_URL: redis.url, PORT: String(port) };
  await run(process.execPath, check.slice(1), { cwd, env });
  // The listening port is this machine's to give, and the balancers' time to notice is none.
  const options = textOf('gateway-config.yaml').replace('drainDelayMs: 10000', 'drainDelayMs: 0');
  writeFileSync(join(cwd, 'gateway-config.yaml'), options);
  const child = spawn(process.execPath, serveCommand.slice(1), { cwd, env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  cleanup(() => child.kill('SIGKILL'));
  const health = healthCommand.slice(1).map((word) => word.replace(':8080', `:${port}`));
  await eventually(() => run(process.execPath, health, { cwd }));
  expect(healthCommand.at(-1)).toContain(`:8080${paths.live}'`);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  await expect(run(process.execPath, health, { cwd })).rejects.toMatchObject({ code: 1 });
});

test('nginx reads its configuration, but for what its versions before 1.25 do not know', async () => {
  const nginx = await debianProgram('nginx', 'usr/sbin/nginx');
  const cwd = mkdtempSync(join(tmpdir(), 'gatewright-'));
  cleanup(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'cert.pem'), certificates.serverCertificate);
  writeFileSync(join(cwd, 'key.pem'), certificates.serverKey);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${cwd}/${kind};`,
  );
  const text = textOf('nginx.conf')
    .replace('http {', `http {\naccess_log off;\n${places.join('\n')}`)
    .replace('    listen 443 quic reuseport;\n', '')
    .replace('    http2 on;\n', '')
    .replaceAll('/etc/ssl/gateway', cwd);
  writeFileSync(join(cwd, 'nginx.conf'), `pid ${cwd}/pid;\nerror_log stderr;\n${text}`);
  const { stderr } = await run(nginx, ['-t', '-p', cwd, '-c', join(cwd, 'nginx.conf')]);
  expect(stderr).toContain('test is successful');
});
