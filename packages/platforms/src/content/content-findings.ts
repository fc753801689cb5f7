import { schemaFaults } from '@vibetribe/contracts/schema-faults';
import type { z } from 'zod';
import type { ContentFinding, DraftContent } from '../port/content.ts';

/** A text may be empty where there is something to see. */
export function textMissing({ text, media }: Pick<DraftContent, 'text' | 'media'>): ContentFinding[] {
  if (text.trim() !== '' || media.length > 0) return [];
  return [{ severity: 'error', code: 'text_missing', message: 'The text is empty', field: 'content' }];
}

/** Beyond so many times a limit nobody needs the number, and counters may stop. */
export const exactTimes = 10;

/** @param countedAs the unit in words: "characters" */
export function textTooLong(count: number, max: number, countedAs: string): ContentFinding[] {
  if (count <= max) return [];
  const message =
    count > max * exactTimes
      ? `The text has far more ${countedAs} than the ${max} allowed`
      : `The text has ${count} ${countedAs}, ${count - max} more than the ${max} allowed`;
  return [{ severity: 'error', code: 'text_too_long', message, field: 'content' }];
}

/** A finding for each fault of the options, the first of them, under `options.<name>`; an unknown option is one. */
export function optionFindings(schema: z.ZodType, options: Readonly<Record<string, unknown>>): ContentFinding[] {
  const parsed = schema.safeParse(options);
  if (parsed.success) return [];
  return schemaFaults(parsed.error.issues, { root: 'options', above: ['options'] }).map(
    ({ path, message, isUnknownField }) => ({
      severity: 'error',
      code: isUnknownField ? 'option_unknown' : 'option_invalid',
      message: isUnknownField ? 'This platform has no such option' : message,
      field: path,
    }),
  );
}
