// What README.md does by hand: the service, and `gatewright --config-file` in front of it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import './upstream.js';

const adminKey = process.env.GATEWAY_ADMIN_KEY || randomBytes(24).toString('base64url');
if (!process.env.GATEWAY_ADMIN_KEY) console.log(`export GATEWAY_ADMIN_KEY=${adminKey}`);

const command = fileURLToPath(new URL('./cli/main.js', import.meta.resolve('gatewright')));
const file = fileURLToPath(new URL('./gateway-config.yaml', import.meta.url));
const gateway = spawn(process.execPath, [command, '--config-file', file], {
  env: { ...process.env, GATEWAY_ADMIN_KEY: adminKey },
  stdio: 'inherit',
});

process.once('SIGINT', () => gateway.kill('SIGINT'));
process.once('SIGTERM', () => gateway.kill('SIGTERM'));
gateway.once('exit', (code) => process.exit(code ?? 1));
