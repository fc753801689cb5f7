/**
 * What keeps a process from running and is the operator's to mend: a setting, a right, a store that will not do. The message is one
 * that a person can act on, and holds no secret; no stack is shown with it.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}
