import type { z } from 'zod';
import type { ContentFinding, DraftContent } from './port/content.ts';

/** A text may be empty where there is something to see. */
export function textMissing({ text, media }: Pick<DraftContent, 'text' | 'media'>): ContentFinding[] {
  if (text.trim() !== '' || media.length > 0) return [];
  return [{ severity: 'error', code: 'text_missing', message: 'The text is empty', field: 'content' }];
}

/** @param countedAs the unit in words: "characters" */
export function textTooLong(count: number, max: number, countedAs: string): ContentFinding[] {
  if (count <= max) return [];
  const message = `The text has ${count} ${countedAs}, ${count - max} more than the ${max} allowed`;
  return [{ severity: 'error', code: 'text_too_long', message, field: 'content' }];
}

/** One finding for each fault of the options, under `options.<name>`; an unknown option is one. */
export function optionFindings(schema: z.ZodType, options: Readonly<Record<string, unknown>>): ContentFinding[] {
  const parsed = schema.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue): ContentFinding[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        severity: 'error',
        code: 'option_unknown',
        message: 'This platform has no such option',
        field: `options.${key}`,
      }));
    }
    return [
      {
        severity: 'error',
        code: 'option_invalid',
        message: issue.message,
        field: ['options', ...issue.path].join('.'),
      },
    ];
  });
}
