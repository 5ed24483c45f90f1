const { createServer } = require('node:http');
const { createGateway } = require('gatewright');
const { authenticate } = require('gatewright/authenticate');
const { drive } = require('./scenario.cjs');

if (typeof authenticate !== 'function') throw new Error('A subpath gives nothing to require.');

drive(createGateway, (gateway) => {
  const server = createServer((req, res) => gateway(req, res, () => res.end('the app')));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
});
