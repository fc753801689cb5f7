/** The places where a test may kill, freeze or fail a process. docs/failure-modes.md lists what must survive each of them. */
export const failpointNames = [
  'claim:before_commit',
  'claim:after_commit',
  'intent:before_commit',
  'intent:after_commit',
  'send:before_request',
  'send:body_pull',
  'send:after_answer',
  'record:before_commit',
  'record:after_commit',
  'reconcile:before_ask',
  'reconcile:after_ask',
  'token:before_store',
  'token:after_store',
  'sweep:before_commit',
  'dispatch:before_enqueue',
  'dispatch:after_enqueue',
] as const;
/** On the way only of posts with steps before the send: those with media. */
export const stepFailpointNames = ['step:saved'] as const;
/** On the way of what is done to a post that is out. */
export const changeFailpointNames = [
  'change:after_claim',
  'change:after_intent',
  'change:after_answer',
  'change:before_record',
  'change:after_record',
] as const;
export type FailpointName =
  | (typeof failpointNames)[number]
  | (typeof stepFailpointNames)[number]
  | (typeof changeFailpointNames)[number];

/** What keeps a post from going out twice, early or never. An ablation run removes one to show the harm that it prevents. */
export const protections = [
  'late_fence',
  'outcome_fence',
  'intent_before_send',
  'quiet_period',
  'database_clock',
  'sweeper',
  'silence_is_unknown',
  'stable_key',
  'pause_lock',
] as const;
/**
 * `account_line`: what keeps an account's posts in order and within its limit; the tests of `claim/` go without it. `change_...`: what keeps
 * changes of published posts apart; the tests of `changes/` go without them.
 */
export type Protection = (typeof protections)[number] | 'account_line' | 'change_fence' | 'change_intent';

export interface Failpoints {
  reach(name: FailpointName): Promise<void>;
  has(protection: Protection): boolean;
}

/** Every real process: nothing fails on purpose, and every protection is there. */
export const noFailpoints: Failpoints = { reach: () => Promise.resolve(), has: () => true };
