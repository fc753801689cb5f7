import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Post } from '../state/posts.ts';
import { compareIds } from '../state/snowflake.ts';
import { invalidForm } from './answers.ts';

/** One page of a channel, newest first: directly around, before or after an id, else the newest. @throws {RefusalError} 400 */
export function listMessages(shown: readonly Post[], given: unknown): Post[] {
  const parsed = ListQuery.safeParse(given);
  if (!parsed.success) {
    throw new RefusalError(
      invalidForm(
        parsed.error.issues.map(({ path, message }) => ({
          path: path.map(String),
          code: 'NUMBER_TYPE_COERCE',
          message,
        })),
      ),
    );
  }
  return select(shown, parsed.data).toReversed();
}

function select(shown: readonly Post[], { limit, around, before, after }: z.infer<typeof ListQuery>): readonly Post[] {
  if (around !== undefined) {
    const half = Math.floor(limit / 2);
    const from = shown.findIndex((post) => compareIds(post.id, around) >= 0);
    const middle = from < 0 ? shown.length : from;
    return shown.slice(Math.max(0, middle - half), middle + half + 1).slice(0, limit);
  }
  if (before !== undefined) return shown.filter((post) => compareIds(post.id, before) < 0).slice(-limit);
  if (after !== undefined) return shown.filter((post) => compareIds(post.id, after) > 0).slice(0, limit);
  return shown.slice(-limit);
}

const Snowflake = z.string().regex(/^\d{1,20}$/, 'Value is not snowflake.');

const ListQuery = z.object({
  limit: z.coerce.number('Value is not int.').int().min(1).max(100).default(50),
  around: Snowflake.optional(),
  before: Snowflake.optional(),
  after: Snowflake.optional(),
});
