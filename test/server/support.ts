import { jest } from '@jest/globals';
import { type StartOptions, startGateway } from 'gatewright/server';
import { cleanup } from '../helpers.js';
import { open } from '../websocket/support.js';

/** A gateway on a free port of the loopback interface that lets everybody do everything, closed after the test. */
export async function started(options: Omit<StartOptions, 'services'> & Partial<StartOptions> = {}) {
  const running = await startGateway({
    ...open,
    services: { '/api': 'http://127.0.0.1:1' },
    host: '127.0.0.1',
    port: 0,
    ...options,
  });
  cleanup(() => {
    const closed = running.close();
    running.close(); // At once.
    return closed;
  });
  const { port } = running.server.address() as { port: number };
  return { ...running, port };
}

/** A logger that keeps what it is told. */
export function keepLines() {
  const lines: [string, string, unknown][] = [];
  const at = (level: string) =>
    jest.fn((message: string, about?: unknown) => void lines.push([level, message, about]));
  return { lines, logger: { info: at('info'), warn: at('warn'), error: at('error') } };
}
