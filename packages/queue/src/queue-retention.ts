/** How many ended jobs a queue keeps, and how long at most. */
export interface QueueRetention {
  readonly completedMax: number;
  readonly completedSeconds: number;
  readonly failedMax: number;
  readonly failedSeconds: number;
}

export const defaultRetention: QueueRetention = {
  completedMax: 100,
  completedSeconds: 24 * 3_600,
  failedMax: 50,
  failedSeconds: 7 * 24 * 3_600,
};
