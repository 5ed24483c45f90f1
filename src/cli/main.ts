#!/usr/bin/env node
import { surroundingsOfProcess } from './console.js';
import { run } from './run.js';

process.exit(await run(process.argv.slice(2), surroundingsOfProcess()));
