/** Codes of a `TransportError` that stands for a fault on this side; with each of them nothing whole has left. */
const sentences: ReadonlyMap<string, string> = new Map([
  ['late_fence', 'Its publisher was held up for too long to send it safely.'],
  ['held_up', 'Its publisher was held up for too long to send it safely.'],
  ['body_unreadable', 'What is to be sent could not be read.'],
  ['body_length', 'A file changed while it was sent.'],
  ['EMFILE', 'The service has no connection to spare.'],
  ['ENFILE', 'The service has no connection to spare.'],
  ['EADDRNOTAVAIL', 'The service has no connection to spare.'],
  ['ENOBUFS', 'The service has no memory to spare.'],
  ['ENOMEM', 'The service has no memory to spare.'],
]);

/** What does not work on this side, in a sentence for a person; null where the fault is not ours. */
export function ownFaultOf(code: string): string | null {
  return sentences.get(code) ?? null;
}
