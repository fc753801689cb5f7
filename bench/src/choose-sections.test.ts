import { expect, test } from 'vitest';
import { chooseSections } from './choose-sections.ts';

test('sections run in their own order, all of them where none is named, and an unknown name is refused with the list', () => {
  const sections = { one: 1, two: 2, three: 3 };
  expect(chooseSections(sections, [])).toEqual([1, 2, 3]);
  expect(chooseSections(sections, ['three', 'one'])).toEqual([1, 3]);
  expect(() => chooseSections(sections, ['one', 'four'])).toThrow(
    'there is no section four; there are one, two, three',
  );
  expect(() => chooseSections(sections, ['constructor'])).toThrow('there is no section constructor');
});
