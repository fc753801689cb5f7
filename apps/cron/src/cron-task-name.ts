/** The tasks' names, as `cron_runs`, the logs and the metrics have them. */
export const cronTaskNames = {
  tokenRefresh: 'token-refresh',
  cleanUp: 'clean-up',
  healthCheck: 'health-check',
  stalledDetection: 'stalled-detection',
  accountProfiles: 'account-profiles',
  mediaGarbage: 'media-garbage',
} as const;

export type CronTaskName = (typeof cronTaskNames)[keyof typeof cronTaskNames];
