import type { PublicationError } from '@vibetribe/contracts/post';

/** Why it is not known what became of a send, where the fault is ours: if it did not arrive, nobody's budget pays for it. */
export const publisherStopped: PublicationError = {
  category: 'unknown_outcome',
  code: 'publisher_stopped',
  message: 'Its publisher stopped while sending.',
  retryable: true,
  manual: null,
};
