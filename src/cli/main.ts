#!/usr/bin/env node
import { surroundingsOfProcess } from './console.js';
import { run } from './run.js';

const code = await run(process.argv.slice(2), surroundingsOfProcess());
// Where pipes are asynchronous, what was written may still be on its way.
process.stdout.write('', () => process.exit(code));
