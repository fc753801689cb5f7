/** A limit that has no place left, as an answer to a publishing request tells it. */
export interface ExhaustedLimit {
  /** `app`: of everyone who posts through the same application. */
  readonly scope: 'account' | 'app';
  /** From when the answer came in. */
  readonly resetMs: number;
}
