import { describe, expect, test } from '@jest/globals';
import { sendRaw } from '../helpers.js';
import { recordingUpstream } from './recording-upstream.js';
import { gateway } from './support.js';

const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const body = '4\r\nbody\r\n0\r\n\r\n';

/** What an upstream has seen of these bytes, and the status of each answer. The client waits until it is closed. */
async function ask(bytes: string) {
  const { url, requests, connections } = await recordingUpstream();
  const { port } = await gateway({ services: { '/': url } });
  const answers = await sendRaw(port, Buffer.from(bytes, 'latin1'));
  const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  return { answers, statuses, requests: requests(), connections };
}

describe('400, the connection is closed, and the upstream sees no request', () => {
  test.each([
    ['two lengths', `${post}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
    ['the same length twice', `${post}Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody`],
    ['a list of lengths', `${post}Content-Length: 4, 4\r\n\r\nbody`],
    ['a length with a sign', `${post}Content-Length: +4\r\n\r\nbody`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\nbody`],
    ['a hexadecimal length', `${post}Content-Length: 0x4\r\n\r\nbody`],
    ['a length with a space inside', `${post}Content-Length: 4 4\r\n\r\nbody`],
    ['an empty length', `${post}Content-Length:\r\n\r\n${hidden}`],
    ['a length beyond 64 bits', `${post}Content-Length: 18446744073709551620\r\n\r\nbody`],
    [
      'a length and chunks',
      `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'chunks and a length',
      `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${body}`],
    ['chunked twice in a list', `${post}Transfer-Encoding: chunked, chunked\r\n\r\n${body}`],
    ['a coding that ends like chunked', `${post}Transfer-Encoding: xchunked\r\n\r\n${body}`],
    ['chunked before identity', `${post}Transfer-Encoding: chunked, identity\r\n\r\n${body}`],
    ['identity', `${post}Transfer-Encoding: identity\r\n\r\n${hidden}`],
    ['identity and a length', `${post}Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody`],
    ['a coding that says no end', `${post}Transfer-Encoding: gzip\r\n\r\n${hidden}`],
    ['a coding inside of chunks', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n${body}`],
    ['no coding, but its field', `${post}Transfer-Encoding:\r\n\r\n${hidden}`],
    ['an empty coding in a list', `${post}Transfer-Encoding: , chunked\r\n\r\n${body}`],
    ['a coding behind a vertical tab', `${post}Transfer-Encoding:\x0bchunked\r\n\r\n${body}`],
    ['a coding in quotes', `${post}Transfer-Encoding: "chunked"\r\n\r\n${body}`],
    ['a coding with a parameter', `${post}Transfer-Encoding: chunked;q=1\r\n\r\n${body}`],
    ['a coding on a folded line', `${post}Transfer-Encoding:\r\n chunked\r\n\r\n${body}`],
    [
      'a coding with a space before its colon',
      `${post}Content-Length: 14\r\nTransfer-Encoding : chunked\r\n\r\n${body}`,
    ],
    [
      'chunks in HTTP/1.0',
      `POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    ],
    ['a head that ends with bare line feeds', `GET / HTTP/1.1\r\nHost: a\r\nX: a\n\n${hidden}`],
    ['a version of another kind of connection', `GET / HTTP/2.0\r\nHost: a\r\n\r\n${hidden}`],
    ['no version', `GET /\r\n\r\n${hidden}`],
    ['a version that there is not', `GET / HTTP/1.2\r\nHost: a\r\n\r\n${hidden}`],
  ])('%s', async (_what, bytes) => {
    const { answers, statuses, connections } = await ask(bytes);
    expect([statuses, connections]).toEqual([[400], []]);
    expect(answers).toMatch(/^connection: close\r$/im);
  });
});

describe('a body that cannot be read is cut, and no part of it is a request', () => {
  test.each([
    ['a size with a prefix', `0x4\r\nbody\r\n0\r\n\r\n`],
    ['a negative size', `-4\r\nbody\r\n0\r\n\r\n`],
    ['a space behind a size', `4 \r\nbody\r\n0\r\n\r\n`],
    ['a space before a size', ` 4\r\nbody\r\n0\r\n\r\n`],
    ['a size beyond 64 bits', `10000000000000004\r\nbody\r\n0\r\n\r\n`],
    ['no size', `\r\nbody\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `4\r\nbodyxx0\r\n\r\n`],
    ['bare line feeds', `4\nbody\n0\n\n`],
    ['a bare line feed behind a chunk', `4\r\nbody\n0\r\n\r\n${hidden}`],
    ['a bare carriage return', `4\rXbody\r\n0\r\n\r\n`],
    ['an extension that ends with a bare line feed', `2;\nxx\r\n22\r\n0\r\n\r\n${hidden}\r\n0\r\n\r\n`],
    ['an extension in quotes over two lines', `4;a="\r\nbody\r\n0\r\n\r\n`],
    ['a length in the trailers', `4\r\nbody\r\n0\r\nContent-Length: 40\r\n\r\n${hidden}`],
    ['a coding in the trailers', `4\r\nbody\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`],
  ])('%s', async (_what, chunks) => {
    const { statuses, requests } = await ask(chunked + chunks);
    expect([statuses, requests]).toEqual([[400], []]);
  });

  test('nor where it has begun to flow', async () => {
    const { statuses, requests } = await ask(`${chunked}2\r\nok\r\nzz\r\n${hidden}`);
    expect([statuses, requests]).toEqual([[400], []]);
  });
});

describe('what hides in a body stays in it', () => {
  const last = 'Connection: close\r\n';
  test.each([
    [
      'of a GET',
      `GET / HTTP/1.1\r\nHost: a\r\n${last}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
      hidden,
    ],
    [
      'with zeros before its size',
      `${chunked.replace('\r\n', `\r\n${last}`)}0004\r\nbody\r\n00\r\n\r\n`,
      'body',
    ],
    ['with extensions', `${chunked.replace('\r\n', `\r\n${last}`)}4;a=b;c\r\nbody\r\n0;d\r\n\r\n`, 'body'],
    ['in chunks of a coding in capitals', `${post}${last}Transfer-Encoding: Chunked\r\n\r\n${body}`, 'body'],
  ])('%s', async (_what, bytes, expected) => {
    const { statuses, requests } = await ask(bytes);
    expect([statuses, requests.map((request) => request.body)]).toEqual([[200], [expected]]);
  });

  test('behind more fields than Node counts', async () => {
    const many = 'a:\r\n'.repeat(2100);
    const { requests } = await ask(`${post}${last}${many}Content-Length: ${hidden.length}\r\n\r\n${hidden}`);
    expect(requests.filter(({ line }) => line.includes('hidden'))).toEqual([]);
  });
});

test('lengths and codings in fields that some upstreams take for those with dashes do not reach them', async () => {
  const fields = `Content_Length: ${hidden.length}\r\nTransfer_Encoding: chunked\r\ncontent_length: 1\r\n`;
  const { requests } = await ask(`${post}Connection: close\r\n${fields}Content-Length: 4\r\n\r\nbody`);
  expect(requests).toHaveLength(1);
  expect(requests[0]?.fields.filter((field) => /^(?:content|transfer)_/i.test(field))).toEqual([]);
});

test('an upgrade that nobody takes up switches nothing, and the bytes behind it are for nobody', async () => {
  const fields =
    'Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
  const behind = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const { statuses, requests } = await ask(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${behind}`);
  expect([statuses, requests.map(({ line }) => line)]).toEqual([[200], ['GET / HTTP/1.1']]);
  expect(requests[0]?.fields.filter((field) => /^(?:upgrade|http2-settings)/i.test(field))).toEqual([]);
});
