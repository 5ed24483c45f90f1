// What every consumer does: an upstream, a gateway in front of it, a request without a key and one with it.
const { createServer, request } = require('node:http');

/** A server on a free port of the loopback interface. */
function listen(listener) {
  const server = createServer(listener);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** What comes back from a path of it. */
function ask(server, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { port: server.address().port, host: '127.0.0.1', path, headers, agent: false };
    request(options, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      res.on('end', () => resolve({ status: res.statusCode, body, policy: res.headers['ratelimit-policy'] }));
    })
      .on('error', reject)
      .end();
  });
}

/**
 * Sends the requests and says what came back. The process ends by itself then, unless something was left open.
 *
 * @param createGateway of the package, however it was loaded
 * @param mount makes the listener of a server with a gateway
 */
async function drive(createGateway, mount) {
  const upstream = await listen((req, res) => res.end(`upstream got ${req.url}`));
  const target = `http://127.0.0.1:${upstream.address().port}`;
  const gateway = createGateway({ services: { '/api/hello': target } });
  const { key } = await gateway.apiKeys.create({ tier: 'basic' });
  const mounted = await mount(gateway);
  const server = typeof mounted.listen === 'function' ? mounted : await listen(mounted);
  const answers = {
    refused: (await ask(server, '/api/hello/x?y=1')).status,
    served: await ask(server, '/api/hello/x?y=1', { 'x-api-key': key }),
    app: (await ask(server, '/app')).body,
  };
  server.close();
  upstream.close();
  await gateway.close();
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

module.exports = { drive };
