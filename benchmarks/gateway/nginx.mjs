import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, spawnOn } from '../processes.mjs';
import { programOf } from '../programs.mjs';
import { PREFIX } from './shapes.mjs';

export const nginxProgram = () => programOf('usr/sbin/nginx', 'nginx');

/**
 * One process of nginx's.
 *
 * @param {number} core
 * @param {readonly number[]} ports
 * @param {(folder: string) => string} configuration of `http`
 */
async function startNginx(core, ports, configuration) {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-nginx-'));
  const log = join(folder, 'error.log');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ');
  const file = join(folder, 'nginx.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `daemon off; master_process off; ${user} pid ${folder}/nginx.pid; error_log ${log};
events { worker_connections 8192; }
http { access_log off; ${temporary} keepalive_requests 1000000000;
${configuration(folder)} }`,
  );
  const { path, env } = nginxProgram();
  const options = { env, stdio: /** @type {const} */ ('ignore') };
  const child = spawnOn(core, path, ['-e', log, '-c', file, '-p', folder], options);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8'));
    return fetch(`http://127.0.0.1:${ports[0]}/`);
  }, 'nginx');
  return child;
}

/**
 * The upstream of all shapes that it can answer: files out of the page cache, on two ports.
 *
 * @param {number} core
 * @param {string} live where bodies are echoed
 */
export async function startFiles(core, live) {
  const ports = [await freePort(), await freePort()];
  const child = await startNginx(core, ports, (folder) => {
    for (const [name, size] of /** @type {const} */ ([
      ['1k', 1],
      ['16k', 16],
      ['1m', 1024],
    ]))
      writeFileSync(join(folder, name), 'x'.repeat(1024 * size));
    return `open_file_cache max=10; root ${folder};
server { ${ports.map((port) => `listen 127.0.0.1:${port};`).join(' ')}
location = /post { return 200 "${'x'.repeat(1024)}"; }
location = /echo { proxy_pass ${live}; } }`;
  });
  return { child, urls: ports.map((port) => `http://127.0.0.1:${port}`) };
}

/** nginx as the proxy: the limit of what is possible. @param {number} core @param {readonly string[]} upstreams */
export async function startNginxProxy(core, upstreams) {
  const port = await freePort();
  const servers = upstreams.map((url) => `server ${new URL(url).host};`).join(' ');
  const child = await startNginx(
    core,
    [port],
    () => `map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
upstream service { ${servers} keepalive 64; }
server { listen 127.0.0.1:${port};
location ${PREFIX}/ { proxy_pass http://service/; proxy_http_version 1.1; proxy_buffering off;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
proxy_set_header Host $proxy_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }`,
  );
  return { child, port };
}
