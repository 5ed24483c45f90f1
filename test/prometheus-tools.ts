import { execFile } from 'node:child_process';
import { debianProgram } from './debian-program.js';

/** Finds one of Prometheus's programs, or takes it out of Debian's package where that is possible. */
export function prometheusProgram(program: 'prometheus' | 'promtool'): Promise<string> {
  return debianProgram('prometheus', `usr/bin/${program}`);
}

/** Runs promtool on a text, or on files; gives all that it says, and its exit code. */
export async function promtool(
  args: readonly string[],
  input = '',
): Promise<{ code: number; output: string }> {
  const program = await prometheusProgram('promtool');
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}
