import type { Fault } from './publication-state.ts';

/** The last send was answered with a post that belongs to another publication, of an equal text. */
export const postTaken = {
  category: 'unknown_outcome',
  code: 'post_taken',
  message: 'The post that the platform named belongs to another publication.',
} as const satisfies Fault;
