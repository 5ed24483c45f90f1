import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder outside of the repository in which `gatewright` is what is built, and packages are those of the repository. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'gatewright-docs-'));

  constructor() {
    const modules = join(this.folder, 'node_modules');
    mkdirSync(modules);
    for (const name of readdirSync('node_modules').filter((each) => !each.startsWith('.')))
      symlinkSync(resolve('node_modules', name), join(modules, name));
    symlinkSync(resolve('.'), join(modules, 'gatewright'));
    this.write('package.json', '{ "type": "module" }');
  }

  /** Writes a file, and gives its path. */
  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  /** Removes it all. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
