import { OperatorError } from '@vibetribe/observability/operator-error';

/** Why the system cannot start, as one sentence for the person at the terminal. */
export class StartError extends OperatorError {
  override readonly name = 'StartError';
}
