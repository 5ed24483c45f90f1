// Says whether a tag may be released: it names the version of package.json, and CHANGELOG.md has a section for it.
import { readFileSync } from 'node:fs';

const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const changelog = readFileSync('CHANGELOG.md', 'utf8');

const problems = [];
if (tag !== `v${version}`)
  problems.push(`The tag is ${JSON.stringify(tag)}, and package.json says v${version}.`);
const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}$`, 'm');
if (!heading.test(changelog)) problems.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD".`);

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
