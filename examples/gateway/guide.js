/**
 * What to try, as lines to copy into a shell.
 *
 * @param {string} url where the gateway is
 * @param {string} admin the administrator's key, or a shell variable that holds it
 */
export function guide(url, admin) {
  const json = "-H 'Content-Type: application/json'";
  const makeKey = (/** @type {string} */ name, /** @type {string} */ tier) =>
    `${name}=$(curl -s ${url}/api/auth/api-key -H "X-API-Key: ${admin}" ${json} -d '{"name":"demo","tier":"${tier}"}' | sed -E 's/.*"api_key":"([^"]+)".*/\\1/'); echo $${name}`;
  const auth = '-H "X-API-Key: $KEY"';
  return [
    ['Make a key of the basic tier, and keep it', makeKey('KEY', 'basic')],
    [
      'Ask kgot, which costs 0.2 cents',
      `curl -i ${url}/api/kgot/query ${auth} ${json} -d '{"query":"Who named SCAMPER?"}'`,
    ],
    [
      'Chat with alita: the words arrive one by one',
      `curl -N ${url}/api/alita/chat ${auth} ${json} -d '{"message":"Hello, who are you?"}'`,
    ],
    [
      'Call a tool of the MCP server',
      `curl -s ${url}/api/mcp-brainstorming/mcp ${auth} ${json} -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"brainstorm","arguments":{"topic":"bicycles","count":3}}}'`,
    ],
    [
      'Take a page apart',
      `curl -s ${url}/api/web-agent/extract ${auth} ${json} -d '{"html":"<title>Hi</title><h1>Hello</h1>"}'`,
    ],
    [
      'Record a figure',
      `curl -s ${url}/api/monitoring/events ${auth} ${json} -d '{"name":"latency","value":12.5}'`,
    ],
    ['Without a key: 401', `curl -i ${url}/api/kgot/query?q=Euler`],
    ['Where nobody needs one', `curl -i ${url}/api/monitoring/health`],
    [
      'A key of the free tier: the 11th request in a minute is 429',
      `${makeKey('FREE', 'free')}; for i in $(seq 11); do curl -s -o /dev/null -w '%{http_code} ' ${url}/api/kgot/query?q=Euler -H "X-API-Key: $FREE"; done; echo`,
    ],
    [
      'Make unified-system fail: after a few 500s the breaker opens, and it is 503',
      `curl -s ${url}/api/unified-system/fail ${auth} ${json} -d '{"failing":true}'; for i in $(seq 8); do curl -s -o /dev/null -w '%{http_code} ' ${url}/api/unified-system/status ${auth}; done; echo`,
    ],
    ['See what is broken', `curl -s ${url}/health`],
    [
      'Mend it: after ten seconds one request may try, and closes the breaker',
      `sleep 10; curl -s ${url}/api/unified-system/fail ${auth} ${json} -d '{"failing":false}'`,
    ],
    ['See the figures', `curl -s ${url}/metrics`],
    ['The same for Prometheus', `curl -s ${url}/metrics -H 'Accept: text/plain' | grep ^gateway_`],
  ];
}
