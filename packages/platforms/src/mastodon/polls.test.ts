import { expect, test } from 'vitest';
import type { PollLimits, ServerRules } from '../port/account.ts';
import { Instance, serverRulesIn } from './instance-configuration.ts';
import { validateMastodon } from './validate.ts';

const account = { externalId: '7', handle: 'ada', service: 'https://mastodon.example' };

function findingsOf(poll: object, polls?: PollLimits) {
  const serverRules: ServerRules = { textMax: 500, urlCharacters: 23, ...(polls === undefined ? {} : { polls }) };
  const found = validateMastodon({ text: 'Tea?', options: { poll }, media: [] }, { ...account, serverRules });
  return found.map(({ severity, field }) => `${severity} ${field}`);
}

const poll = { options: ['Tea', 'Coffee'], durationMinutes: 60 };
const six = { ...poll, options: ['a', 'b', 'c', 'd', 'e', 'x'.repeat(60)] };

test('an instance says what its polls may be; what is odd or missing there is the platform’s', () => {
  const told = (polls: unknown) =>
    serverRulesIn(Instance.parse({ configuration: { polls } }), { software: 'mastodon' }).polls;
  const configuration = { max_options: 8, max_characters_per_option: 100, min_expiration: 90, max_expiration: 3_600 };
  expect(told(configuration)).toEqual({ optionsMax: 8, optionCharactersMax: 100, minutesMin: 2, minutesMax: 60 });
  expect(told({ max_options: '20', max_expiration: -1 })).toEqual({ optionsMax: 20 });
  expect(told('none')).toBeUndefined();
});

test('a poll is judged by the instance of its account, by the field at fault', () => {
  const wide = { optionsMax: 8, optionCharactersMax: 100, minutesMin: 1, minutesMax: 100_000 };
  expect(findingsOf(six, wide)).toEqual([]);
  expect(findingsOf({ ...poll, durationMinutes: 1 }, wide)).toEqual([]);
  const narrow = { optionsMax: 2, optionCharactersMax: 5, minutesMin: 61, minutesMax: 90 };
  expect(findingsOf({ options: ['Tea', 'Coffee', 'Milk'], durationMinutes: 60 }, narrow)).toEqual([
    'error options.poll.options',
    'error options.poll.options.1',
    'error options.poll.durationMinutes',
  ]);
  expect(findingsOf({ ...poll, options: ['Tea', 'Milk'], durationMinutes: 91 }, narrow)).toEqual([
    'error options.poll.durationMinutes',
  ]);
});

test('where the instance says nothing, what most would refuse is a warning', () => {
  expect(findingsOf(poll)).toEqual([]);
  expect(findingsOf(six)).toEqual(['warning options.poll.options', 'warning options.poll.options.5']);
  expect(findingsOf({ ...poll, durationMinutes: 4 })).toEqual(['warning options.poll.durationMinutes']);
});

test('no instance takes a poll that has an answer twice', () => {
  expect(findingsOf({ ...poll, options: ['Tea', 'Tea'] })).toEqual(['error options.poll.options']);
});
