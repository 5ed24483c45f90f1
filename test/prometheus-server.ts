import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanup } from './helpers.js';
import { prometheusProgram } from './prometheus-tools.js';
import { freePort } from './redis-server.js';
import { eventually } from './redis-support.js';

/** A target that Prometheus scrapes, as `/api/v1/targets` tells of it. */
export interface ScrapedTarget {
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

/** A real Prometheus, with what it has for the tests. */
export interface PrometheusServer {
  readonly url: string;
  /** The targets that it scrapes. */
  targets(): Promise<readonly ScrapedTarget[]>;
  /** The value of an expression that has one; undefined where it has none. */
  query(expression: string): Promise<number | undefined>;
}

/** Starts one with a configuration; it is ended, and its data removed, after the test. */
export async function startPrometheus(configuration: object): Promise<PrometheusServer> {
  const program = await prometheusProgram('prometheus');
  const directory = await mkdtemp(join(tmpdir(), 'gatewright-prometheus-'));
  cleanup(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'prometheus.yml');
  await writeFile(file, JSON.stringify(configuration)); // JSON is YAML.
  const port = await freePort();
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const prometheus = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(prometheus, 'exit');
  cleanup(() => {
    prometheus.kill('SIGKILL');
    return ended;
  });
  const url = `http://127.0.0.1:${port}`;
  const answer = async (path: string) => {
    const got = await fetch(url + path);
    if (!got.ok) throw new Error(`Prometheus answered ${got.status}: ${await got.text()}`);
    return got;
  };
  await eventually(() => answer('/-/ready'));
  return {
    url,
    async targets() {
      const { data } = (await (await answer('/api/v1/targets')).json()) as {
        data: { activeTargets: ScrapedTarget[] };
      };
      return data.activeTargets;
    },
    async query(expression) {
      const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
      const { data } = (await (await answer(path)).json()) as {
        data: { result: { value: [number, string] }[] };
      };
      const value = data.result[0]?.value[1];
      return value === undefined ? undefined : Number(value);
    },
  };
}
