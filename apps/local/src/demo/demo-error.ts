/** Why the demo did not get to its end; the system itself runs on. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
