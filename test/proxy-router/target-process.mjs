// A target in a process of its own, so that it can be killed and stopped: answers GET, and tells of each POST.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const server = createServer(async (req, res) => {
  if (req.method === 'POST') process.stdout.write(`${await text(req)}\n`);
  res.end('ok');
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.(server.address()));
