import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FileWatch } from '../../src/cli/file-watch.js';
import { cleanup } from '../helpers.js';
import { folder } from './support.js';

/** Watches files quickly; `changed()` resolves at the next change. */
function watching(...files: string[]) {
  const watch = new FileWatch(files, { lookMs: 5, settleMs: 5 });
  cleanup(() => watch.close());
  let changes = 0;
  let wake: () => void = () => undefined;
  const start = () =>
    watch.start(() => {
      changes += 1;
      wake();
    });
  const changed = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  return { watch, start, changed, count: () => changes };
}

test('notices a file that is written, and one that is renamed over it', async () => {
  const cwd = folder({ config: 'one' });
  const file = join(cwd, 'config');
  const { start, changed } = watching(file);
  start();
  writeFileSync(file, 'other');
  await changed();
  writeFileSync(join(cwd, 'new'), 'other');
  renameSync(join(cwd, 'new'), file);
  await changed();
});

test('notices what has changed before it began to look', async () => {
  const file = join(folder({ config: 'one' }), 'config');
  const { start, changed } = watching(file);
  writeFileSync(file, 'other');
  start();
  await changed();
});

test('notices a link to a folder that is swapped, as Kubernetes does it', async () => {
  const cwd = folder();
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(cwd, version));
    writeFileSync(join(cwd, version, 'config'), version);
  }
  symlinkSync('v1', join(cwd, '..data'));
  symlinkSync('..data/config', join(cwd, 'config'));
  const { start, changed } = watching(join(cwd, 'config'));
  start();
  symlinkSync('v2', join(cwd, '..next'));
  renameSync(join(cwd, '..next'), join(cwd, '..data'));
  await changed();
});

test('takes a file that goes for no change, and its return for one', async () => {
  const cwd = folder({ config: 'one', other: 'one' });
  const { start, changed, count } = watching(join(cwd, 'config'), join(cwd, 'other'));
  start();
  rmSync(join(cwd, 'config'));
  writeFileSync(join(cwd, 'other'), 'two!');
  await changed(); // Of the other one: the loss of the first was seen before it.
  expect(count()).toBe(1);
  writeFileSync(join(cwd, 'config'), 'one');
  await changed();
});

test('watches other files once they are named, and none after its end', async () => {
  const cwd = folder({ one: '1', two: '2' });
  const [one, two] = [join(cwd, 'one'), join(cwd, 'two')];
  const { watch, start, changed, count } = watching(one);
  const witness = watching(one, two);
  start();
  witness.start();
  watch.replace([two]);
  writeFileSync(one, 'changed');
  await witness.changed();
  expect(count()).toBe(0);
  writeFileSync(two, 'changed');
  await changed();
  watch.close();
  const before = count();
  writeFileSync(two, 'changed again');
  await witness.changed();
  expect(count()).toBe(before);
});
