import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { StepEffect } from '@vibetribe/platforms/port/publish';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { Finding, Outcome } from '../state/publication-input.ts';

/** How a run ended, with the step results that are not on disk yet. */
export interface OutcomeRecord {
  readonly work: PublicationWork;
  readonly report:
    | { readonly kind: 'outcome'; readonly outcome: Outcome }
    | { readonly kind: 'finding'; readonly finding: Finding };
  readonly results: readonly StepResult[];
  /** Where a person finds the media, should it come to that. */
  readonly mediaUrls: readonly string[];
  /** 0 to 1. */
  readonly jitter: number;
}

export interface StepResult {
  readonly name: string;
  readonly effect: StepEffect;
  readonly result: JsonValue;
}
