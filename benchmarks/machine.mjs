import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { peerVersions } from './gateway/peers.mjs';
import { redisProgram } from './gateway/services.mjs';
import { programOf } from './programs.mjs';

/**
 * Where and what was measured.
 *
 * @param {readonly import('./gateway/contender.mjs').NodeProgram[]} nodes
 */
export function machine(nodes = [{ label: '', path: process.execPath }]) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: nodes.map(({ path }) => execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()),
    commit: said('git', ['describe', '--always', '--dirty']),
    nginx: versionIn(said(programOf('usr/sbin/nginx', 'nginx').path, ['-v'])),
    redis: versionIn(said(redisProgram(), ['--version'])),
    peers: peerVersions(),
  };
}

/** @param {string} program @param {string[]} given */
function said(program, given) {
  const { stdout, stderr } = spawnSync(program, given, { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`.trim();
}

/** @param {string} text */
function versionIn(text) {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown';
}

/** @param {ReturnType<typeof machine>} of */
export function machineAsMarkdown({ date, cpu, cores, memoryGigabytes, kernel, node, commit, ...others }) {
  const { nginx, redis, peers } = others;
  const versions = Object.entries({ nginx, redis, ...peers }).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, ${memoryGigabytes} GB, Linux ${kernel}, Node ${node.join(', ')}; ${date}, commit ${commit}.`,
    '',
    `Against ${versions.join(', ')}.`,
  ].join('\n');
}
