// @ts-nocheck The peers are installed by `npm run bench` alone.
// One contender in a process of its own: `node contenders.mjs '{"name":…,"upstreams":[…],"redis":…}'` prints the port that it
// listens at, the header fields that its requests need, and those of a client that is over its limit.
import { once } from 'node:events';
import { assembled } from './assembled.mjs';
import { bare } from './bare.mjs';
import { ours } from './ours.mjs';
import { redisCalls } from './redis-calls.mjs';

const given = JSON.parse(process.argv[2]);
process.once('disconnect', () => process.exit());

const contenders = { ...bare, ...assembled, ...ours, ...redisCalls };
const make = contenders[given.name];
if (make === undefined) throw new Error(`No contender has the name ${given.name}`);
const { server, listen, headers, refused } = await make(given);
if (listen) await listen();
else if (server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
console.log(JSON.stringify({ port: server?.address().port, headers, refused }));
