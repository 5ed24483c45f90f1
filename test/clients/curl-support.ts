import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';

const remedy =
  'These tests need curl with HTTP/2: install it (Debian: apt-get install curl), or set CURL to its path.';
const command = process.env['CURL'] || 'curl';

/** What curl says of its last transfer, behind the body. */
const report = '\\n%{http_version} %{response_code} %{num_connects}';

/** What came back: the body, and how. */
export interface Curled {
  readonly body: string;
  readonly version: string;
  readonly status: number;
  /** Connections made for the last URL. */
  readonly connects: number;
}

/**
 * Runs curl with nothing but these arguments, and what is given to its input.
 *
 * @throws with what to install where there is no curl, or one that can't speak HTTP/2
 */
export async function curl(args: readonly string[], input?: Buffer): Promise<Curled> {
  const route = ['--noproxy', args.includes('-x') ? '' : '*'];
  const all = ['-q', '-sS', '--max-time', '15', ...route, '-w', report, ...args];
  const said = await new Promise<string>((resolve, reject) => {
    const child = execFile(command, all, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(whyNot(error, stderr), { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => undefined); // curl need not read it.
    child.stdin?.end(input);
  });
  const [, body = '', version = '', status, connects] = /^(.*)\n(\S+) (\d+) (\d+)$/s.exec(said) ?? [];
  return { body, version, status: Number(status), connects: Number(connects) };
}

/** curl on its way: what it has written, as it comes. */
export function running(args: readonly string[]) {
  const child = spawn(command, ['-q', '-sSN', '--noproxy', '*', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    said: async () => String((await once(child.stdout, 'data'))[0]),
    kill: () => child.kill(),
    exited: once(child, 'exit'),
  };
}

function whyNot(error: Error, stderr: string): string {
  const lacking = (error as NodeJS.ErrnoException).code === 'ENOENT' || /does not support this/.test(stderr);
  return lacking ? remedy : stderr || error.message;
}
