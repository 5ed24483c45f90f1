import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { project } from './consumer-folder.js';
import { nodeProgram, running, supported } from './node-versions.js';

const run = promisify(execFile);

const consumers = [
  'bare.mjs',
  'commonjs.cjs',
  'express4.mjs',
  'express5.mjs',
  'express-commonjs.cjs',
  'factories.mjs',
  'nest.mjs',
];

/** On the other lines of Node, unless there is time: one for each way of loading the package. */
const some = process.env['SOAK'] ? consumers : ['express5.mjs', 'commonjs.cjs'];

const wanted = {
  refused: 401,
  served: {
    status: 200,
    body: 'upstream got /x?y=1',
    policy: expect.stringContaining('"per_minute";q=60;w=60'),
  },
  app: 'the app',
};

let folder: string;

/** What a consumer says. It ends by itself: what keeps its process alive is killed, and fails. */
async function outputOf(file: string, node: string): Promise<{ answers: unknown; stderr: string }> {
  const { stdout, stderr } = await run(node, [file], { cwd: folder, timeout: 30_000 });
  return { answers: JSON.parse(stdout), stderr };
}

beforeAll(async () => {
  folder = await project('javascript', {}, ['scenario.cjs', ...consumers]);
}, 240_000);

describe(`on Node ${running}, the packed package`, () => {
  test.each(consumers)('serves in %s', async (file) => {
    const { answers, stderr } = await outputOf(file, process.execPath);
    expect(answers).toEqual(wanted);
    expect(stderr).toBe('');
  });
});

/** The newest line that is in long-term support, unless there is time: each is a download of 60 MB. */
const lines = process.env['SOAK'] ? supported : ([24] as const);

describe.each(lines.filter((major) => major !== running || lines.length === 1))(
  'on Node %i, the packed package',
  (major) => {
    let node: string;
    beforeAll(async () => {
      node = await nodeProgram(major);
    }, 240_000);

    test.each(some)('serves in %s', async (file) => {
      const { stdout } = await run(node, ['-p', 'process.versions.node']);
      expect(Number.parseInt(stdout, 10)).toBe(major);
      const { answers, stderr } = await outputOf(file, node);
      expect(answers).toEqual(wanted);
      expect(stderr).toBe('');
    });
  },
);
