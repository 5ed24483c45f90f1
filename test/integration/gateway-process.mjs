// A gateway in a process of its own, so that its memory can be measured: prints its port, answers 'rss' on stdin.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { createGateway } from 'gatewright';

const gateway = createGateway({
  services: { '/files': String(process.argv[2]) },
  authenticate: { anonymous: { paths: ['/files'] } },
});
const server = createServer(gateway.listener).listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : address);
});

let highest = 0;
setInterval(() => {
  highest = Math.max(highest, process.memoryUsage.rss());
}, 5).unref();

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'rss') console.log(Math.max(highest, process.memoryUsage.rss()));
  if (line === 'reset') highest = 0;
}
process.exit();
