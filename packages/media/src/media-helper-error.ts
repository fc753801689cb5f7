/**
 * A helper process or thread was killed, starved, or could not be started, again and again: nothing is known about the file.
 * It is nobody's fault but ours, and may be tried again.
 */
export class MediaHelperError extends Error {
  override readonly name = 'MediaHelperError';
}
