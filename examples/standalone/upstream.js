// A service, which stands for yours.
import { createServer } from 'node:http';

const port = Number(process.env.SERVICE_PORT || 16000);

createServer((req, res) => res.end(`The service got ${req.method} ${req.url}\n`)).listen(port, '127.0.0.1');
