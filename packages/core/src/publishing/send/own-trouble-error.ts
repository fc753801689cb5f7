/** Something of the service itself does not work: the post waits, and nobody's budget pays. `message` is shown on the timeline, as a sentence. */
export class OwnTroubleError extends Error {
  override readonly name = 'OwnTroubleError';
}
