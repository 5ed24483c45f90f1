import { describe, expect, test } from '@jest/globals';
import { type Item, parseItem } from 'structured-headers';
import { componentValue, type SignedMessage } from '../../src/authenticate/signature-components.js';
import { message } from './signature-messages.js';

function valueIn(of: SignedMessage, component: string): string | undefined {
  return componentValue(of, parseItem(component) as Item);
}

describe('derived components (section 2.2)', () => {
  const examples = message(
    'https://www.EXAMPLE.com:443/path?param=value&foo=bar&baz=bat%2Dman&qux=',
    {},
    'GET',
  );

  test.each([
    ['"@method"', 'GET'],
    ['"@target-uri"', 'https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman&qux='],
    ['"@authority"', 'www.example.com'],
    ['"@scheme"', 'https'],
    ['"@request-target"', '/path?param=value&foo=bar&baz=bat%2Dman&qux='],
    ['"@path"', '/path'],
    ['"@query"', '?param=value&foo=bar&baz=bat%2Dman&qux='],
    ['"@query-param";name="baz"', 'bat-man'],
    ['"@query-param";name="qux"', ''],
  ])('%s', (component, value) => expect(valueIn(examples, component)).toBe(value));

  test('a query that is not there is a question mark', () => {
    expect(valueIn(message('http://example.com:8080'), '"@query"')).toBe('?');
    expect(valueIn(message('http://example.com:8080'), '"@authority"')).toBe('example.com:8080');
  });

  test('parameters of a query are decoded and encoded again (section 2.2.8)', () => {
    const query =
      '?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something';
    const given = message(`https://www.example.com/parameters${query}&odd=!%27()*~`);
    expect(valueIn(given, '"@query-param";name="var"')).toBe('this%20is%20a%20big%0Amultiline%20value');
    expect(valueIn(given, '"@query-param";name="bar"')).toBe('with%20plus%20whitespace');
    expect(valueIn(given, '"@query-param";name="fa%C3%A7ade%22%3A%20"')).toBe('something');
    expect(valueIn(given, '"@query-param";name="odd"')).toBe('%21%27%28%29*%7E');
  });

  test.each([
    '"@query-param"',
    '"@query-param";name="twice"',
    '"@query-param";name="none"',
    '"@query-param";name=once',
    '"@query-param";name="once";req',
    '"@status"',
    '"@signature-params"',
    '"@method";req',
    '"@METHOD"',
    '"@unknown"',
    '"@"',
    '""',
    'date',
    '5',
  ])('%s is refused', (component) => {
    expect(valueIn(message('http://a/?twice=1&twice=2&once=1'), component)).toBeUndefined();
  });
});

describe('fields (section 2.1)', () => {
  const given = message('http://www.example.com/', {
    host: 'www.example.com',
    'x-ows-header': '   Leading and trailing whitespace.   ',
    'x-obs-fold-header': 'Obsolete\r\n    line folding.',
    'cache-control': ['max-age=60', '   must-revalidate'],
    'x-empty-header': '',
    'x-blank-header': ' \t ',
    'x-no-break-header': '\t\u00a0x\u00a0 ',
    'example-dict': ' a=1,    b=2;x=1;y=2,   c=(a   b   c), d',
    'example-header': ['value, with, lots', 'of, commas'],
    'twice-dict': 'a=1, a=2',
    list: '1, 2',
    injected: 'a\n"@method": GET',
  });

  test.each([
    ['"host"', 'www.example.com'],
    ['"x-ows-header"', 'Leading and trailing whitespace.'],
    ['"x-obs-fold-header"', 'Obsolete line folding.'],
    ['"cache-control"', 'max-age=60, must-revalidate'],
    ['"x-empty-header"', ''],
    ['"x-blank-header"', ''],
    ['"x-no-break-header"', '\u00a0x\u00a0'],
    ['"example-dict"', 'a=1,    b=2;x=1;y=2,   c=(a   b   c), d'],
    ['"example-dict";sf', 'a=1, b=2;x=1;y=2, c=(a b c), d'],
    ['"example-dict";key="a"', '1'],
    ['"example-dict";key="d"', '?1'],
    ['"example-dict";key="b"', '2;x=1;y=2'],
    ['"example-dict";key="c"', '(a b c)'],
    ['"example-dict";sf;key="c"', '(a b c)'],
    ['"example-header"', 'value, with, lots, of, commas'],
    ['"example-header";bs', ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
  ])('%s', (component, value) => expect(valueIn(given, component)).toBe(value));

  test.each([
    '"not-there"',
    '"Host"',
    '"host";tr',
    '"host";req',
    '"host";unknown',
    '"host";bs=?0',
    '"example-dict";bs;sf',
    '"example-dict";bs;key="a"',
    '"example-dict";key="z"',
    '"example-dict";key=a',
    '"twice-dict";key="a"',
    '"twice-dict";sf',
    '"list";sf',
  ])('%s is refused', (component) => expect(valueIn(given, component)).toBeUndefined());
});

test('a value of a million blanks, and a query of a million parameters, are read in one go', () => {
  const blanks = message('http://a/', { x: `a${' '.repeat(1_000_000)}b` });
  expect(valueIn(blanks, '"x"')).toHaveLength(1_000_002);
  const form = message(`http://a/?z=1&${'a&'.repeat(1_000_000)}`);
  for (let time = 0; time < 64; time += 1) expect(valueIn(form, '"@query-param";name="z"')).toBe('1');
});
