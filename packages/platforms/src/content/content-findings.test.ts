import { platformIds } from '@vibetribe/contracts/platform-id';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adapters } from '../registry.ts';

const account = { externalId: '1', handle: 'a', service: 'https://social.example' };

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];
  const { text: rules } = adapter.rules;
  const faultsOf = (text: string, options = {}) => adapter.validate({ text, options, media: [] }, account);

  test('accepts a plain text up to the limit and refuses one more', () => {
    expect(faultsOf('a'.repeat(rules.max)).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(faultsOf('a'.repeat(rules.max + 1)).filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({ severity: 'error', code: 'text_too_long', field: 'content' }),
    ]);
  });

  test.runIf(rules.required).each(['', '   ', '\n\t'])('refuses the empty text %j', (text) => {
    expect(faultsOf(text)).toEqual([
      expect.objectContaining({ severity: 'error', code: 'text_missing', field: 'content' }),
    ]);
  });

  test('names each unknown option', () => {
    expect(faultsOf('a', { nonsense: 1, more: 2 }).map(({ code, field }) => `${code} ${field}`)).toEqual([
      'option_unknown options.nonsense',
      'option_unknown options.more',
    ]);
  });

  test('counts text that only grows longer with what is added', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '日', '👨‍👩‍👧', ' ') }), (text) => {
        expect(rules.count(`${text} a`)).toBeGreaterThan(rules.count(text.trimEnd()));
      }),
    );
  });

  test('refuses every text that it counts as too long', () => {
    const isRefused = (text: string) => faultsOf(text).some(({ code }) => code === 'text_too_long');
    const property = fc.property(fc.string({ unit: 'grapheme', minLength: 200, maxLength: 700 }), (text) => {
      return rules.count(text) <= rules.max || isRefused(text);
    });
    expect(fc.check(property).failed).toBe(false);
  });

  const hostile = ['a.', 'a-', '@a', '#a', 'http://', 'http://a.b/(', '日', '👩‍👩‍👧', '@a.b@', '<', '&#', '((', 'a@b.c '];
  test.each(hostile)('counts 100,000 characters of %j in short time', (part) => {
    const text = part.repeat(100_000 / part.length);
    const startedMs = performance.now();
    faultsOf(text);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
