import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { packedPackage } from '../package/packed.js';
import { freePort } from '../redis-server.js';

const run = promisify(execFile);
const page = readFileSync('docs/getting-started.md', 'utf8');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What a reader of one section copies, in its order. */
function stepsOf(title: string): { language: string; text: string }[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

const fileNames: Readonly<Record<string, string>> = { js: 'app.mjs', ts: 'app.ts', json: 'tsconfig.json' };

/** Runs a line of the page. Packages come from the registry, ours from the tarball; ports are free ones. */
async function follow(line: string, folder: string, tarball: string): Promise<void> {
  const [command = '', ...args] = line.replace(/ gatewright\b/, ` ${tarball}`).split(' ');
  const quiet = line.startsWith('npm install') ? ['--prefer-offline', '--no-audit', '--no-fund'] : [];
  await run(command, [...args, ...quiet], { cwd: folder, timeout: 120_000 });
}

/** Starts the program that the reader has made, and gives the key that it prints. */
async function start(line: string, folder: string) {
  const child = spawn(process.execPath, line.split(' ').slice(1), { cwd: folder });
  let problem = '';
  child.stderr.on('data', (text) => {
    problem += text;
  });
  for await (const printed of createInterface(child.stdout)) {
    const key = /^export KEY=(gw_\w+)$/.exec(printed)?.[1];
    if (key !== undefined) return { key, child };
  }
  throw new Error(`It printed no key: ${problem}`);
}

/** The lines with `curl` of the first section, which every section refers to, as requests. */
const requests = stepsOf('Express 5, JavaScript')
  .filter(({ text }) => text.startsWith('curl'))
  .map(({ text }) => ({
    path: new URL(text.split(' ').at(-1) ?? '').pathname,
    withKey: text.includes('$KEY'),
  }));

async function newcomer(title: string) {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-newcomer-'));
  folders.push(folder);
  const { tarball } = await packedPackage();
  const [port, upstream] = [await freePort(), await freePort()];
  for (const { language, text } of stepsOf(title)) {
    if (language !== 'sh') {
      const here = text.replaceAll('16000', String(upstream)).replaceAll('8080', String(port));
      writeFileSync(join(folder, fileNames[language] ?? ''), here);
      continue;
    }
    for (const line of text.split('\n')) {
      if (line.startsWith('node ')) return { port, ...(await start(line, folder)) };
      await follow(line, folder, tarball);
    }
  }
  throw new Error('The section does not start anything');
}

const sections = [
  'Express 5, JavaScript',
  'Express 5, TypeScript',
  'Express 4, JavaScript',
  'Express 4, TypeScript',
  'Without Express',
];
/** Each takes an installation: without more time, those that differ the most must do. */
const followed = process.env['SOAK'] ? sections : sections.filter((_, index) => index === 0 || index === 3);

describe('a newcomer who follows docs/getting-started.md in an empty folder', () => {
  test.each(followed)(
    'gets to a limited, authenticated, proxied request: %s',
    async (title) => {
      const { port, key, child } = await newcomer(title);
      const send = (path: string, withKey: boolean) =>
        fetch(`http://127.0.0.1:${port}${path}`, { headers: withKey ? { 'X-API-Key': key } : {} });
      try {
        const [refused, proxied, own] = requests;
        expect((await send(refused?.path ?? '', false)).status).toBe(401);
        const answers = [];
        for (let count = 0; count < 4; count++) answers.push(await send(proxied?.path ?? '', true));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
        expect(await answers[0]?.text()).toBe('The service got /hello\n');
        expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
        if (title !== 'Without Express')
          expect(await (await send(own?.path ?? '', false)).text()).toBe('The app itself\n');
      } finally {
        child.kill('SIGKILL');
      }
    },
    240_000,
  );

  test('finds the same program in each section for JavaScript, and for TypeScript', () => {
    const programs = (language: string) =>
      sections.slice(0, 4).flatMap((title) => stepsOf(title).filter((step) => step.language === language));
    for (const language of ['js', 'ts', 'json'])
      expect(new Set(programs(language).map(({ text }) => text)).size).toBe(1);
  });
});
