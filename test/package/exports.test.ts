import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
describe('the built package', () => {
  test('leaves no connection to Redis behind where a gateway cannot be made', async () => {
    const script = `
      const { createGateway } = await import('gatewright');
      const services = { '/v1/kgot': 'http://localhost:1', '/v2/kgot': 'http://localhost:2' };
      try { createGateway({ redis: 'redis://127.0.0.1:1', services }); } catch (error) { console.log(error.code); }`;
    // A connection that is left keeps the process alive, until the time-out kills it.
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 15_000,
    });
    expect(stdout.trim()).toBe('ERR_GATEWAY_CONFIG');
  });
});
