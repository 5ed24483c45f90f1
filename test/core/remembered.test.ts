import { expect, jest, test } from '@jest/globals';
import { remembered } from '../../src/core/remembered.js';

test('a name is looked at once, until there are too many', () => {
  const look = jest.fn((name: string) => ({ name }));
  const known = remembered(look);
  expect(known('host')).toBe(known('host'));
  for (let name = 0; name < 999; name++) known(`x-${name}`);
  known('host');
  expect(look).toHaveBeenCalledTimes(1000);
  known('one-too-many');
  expect(known('host')).toEqual({ name: 'host' });
  expect(look).toHaveBeenCalledTimes(1002);
});
