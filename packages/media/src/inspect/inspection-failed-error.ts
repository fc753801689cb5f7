/**
 * How an inspection ended without an answer.
 * `too_much_memory`, `too_much_time`: more of the machine than a file may take. `crashed`: the process ended by a fault of its
 * own. `killed`: somebody else ended it. `starved`: it got nothing or too little of the processor. `not_started`.
 */
export type InspectionFailure = 'too_much_memory' | 'too_much_time' | 'crashed' | 'killed' | 'starved' | 'not_started';

/** Says what happened to the process, and nothing about whose fault it is: see `refusalOf`. */
export class InspectionFailedError extends Error {
  override readonly name = 'InspectionFailedError';
  readonly failure: InspectionFailure;

  constructor(failure: InspectionFailure, options: { cause?: unknown } = {}) {
    super(
      `a process that inspects media: ${failure}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.failure = failure;
  }
}
