import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { command } from './support.js';

test('--help explains commands, variables, signals and exit codes', async () => {
  const { code, stdout } = await command(['--help']);
  expect(code).toBe(0);
  for (const word of ['start', 'check', 'keys', 'schema', 'completion', 'REDIS_URL', 'SIGHUP', 'Exit codes'])
    expect(stdout).toContain(word);
  expect((await command(['start', '--help'])).stdout).toContain('--config-file <file>');
});

test('--version shows the version of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await command(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test.each<[string, string[], RegExp]>([
  ['a flag that is none', ['--prot', '1'], /^gatewright: unknown option '--prot'\. Did you mean --port\?\n$/],
  ['a flag of a command', ['check', '--jsno'], /unknown option '--jsno'\. Did you mean --json\?/],
  ['a command that is none', ['strat'], /^gatewright: There is no command "strat"\. There are: start, check/],
  ['a command of keys that is none', ['keys', 'crate'], /unknown command 'crate'\. Did you mean create\?/],
  ['a flag without its value', ['--port'], /option '--port <number>' argument missing/],
  ['a missing argument', ['keys', 'revoke'], /missing required argument 'id'/],
  ['too many arguments', ['check', 'a', 'b'], /too many arguments/],
  ['keys alone', ['keys'], /gatewright: a command is missing\./],
  ['a shell that is none', ['completion', 'tcsh'], /must be bash, zsh, fish, got "tcsh"/],
  ['a port that is none', ['--port', '80x'], /^--port: `port` must be a number, got '80x'\.\n/],
  [
    'a number of workers that is none',
    ['--workers', '0'],
    /^--workers: `workers` must be at least 1, got 0\.\n/,
  ],
  [
    'a Redis that is none',
    ['--redis-url', 'secret@host'],
    /^--redis-url: `redis` .*got the value of --redis-url\.\n/,
  ],
])('refuses %s, in one line and with the exit code 2', async (_what, args, message) => {
  const { code, stderr, stdout } = await command(args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('    at ');
});

test('shows a stack with --debug alone', async () => {
  expect((await command(['check', '--debug'])).stderr).toContain('    at ');
  expect((await command(['check'])).stderr).not.toContain('    at ');
});

describe('completion', () => {
  test.each([
    ['bash', /complete -o filenames -F _gatewright gatewright/],
    ['zsh', /^autoload -U \+X bashcompinit/],
    ['fish', /complete -c gatewright -n '__fish_seen_subcommand_from keys; and [^']*create' -l tier\n/],
  ])('of %s', async (shell, script) => {
    const { code, stdout } = await command(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toMatch(script);
    for (const word of ['start', 'check', 'rotate', 'redis-url']) expect(stdout).toContain(word);
  });

  test('completes commands, their commands and flags in a real bash', async () => {
    const { execFileSync } = await import('node:child_process');
    const { stdout } = await command(['completion', 'bash']);
    const complete = (...words: string[]) => {
      const list = words.map((word) => `'${word}'`).join(' ');
      const script = `${stdout}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _gatewright; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim();
    };
    expect(complete('gatewright', 'sch')).toBe('schema');
    expect(complete('gatewright', '--conf')).toBe('--config-file');
    expect(complete('gatewright', 'keys', 'ro')).toBe('rotate');
    expect(complete('gatewright', 'keys', 'create', '--ti')).toBe('--tier');
  });
});
