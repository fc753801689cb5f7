import { graphExhaustedLimits } from '../graph/usage.ts';
import type { PlatformAdapter } from '../port/adapter.ts';
import { threadsName } from './api.ts';
import { threadsDoctor } from './doctor.ts';
import { readThreadsLimits, threadsEndpoints, threadsLimits, threadsReconciliation } from './limits.ts';
import { threadsManual } from './manual.ts';
import { threadsMediaRules } from './media-rules.ts';
import { threadsMetrics } from './metrics.ts';
import { threadsOAuth } from './oauth.ts';
import { ThreadsOptions } from './options.ts';
import { readThreadsAccount } from './profile.ts';
import { publishThreads } from './publish.ts';
import { reconcileThreads } from './reconcile.ts';
import { removeFromThreads } from './remove.ts';
import { countThreads, threadsTextMax } from './text.ts';
import { threadsRefresh } from './tokens.ts';
import { countedAs, validateThreads } from './validate.ts';

export const threads: PlatformAdapter = {
  id: 'threads',
  displayName: threadsName,
  externalIdScope: 'platform',
  rules: {
    text: { max: threadsTextMax, countedAs, required: false, count: countThreads },
    media: threadsMediaRules,
    thread: { partsMax: 50, inheritedOptions: [] },
    options: ThreadsOptions,
    requiredFields: [],
  },
  limits: threadsLimits,
  reconciliation: threadsReconciliation,
  endpoints: threadsEndpoints,
  oauth: threadsOAuth,
  manual: threadsManual,
  refresh: threadsRefresh,
  readAccount: readThreadsAccount,
  doctor: threadsDoctor,
  metrics: threadsMetrics,
  validate: validateThreads,
  publish: publishThreads,
  reconcile: reconcileThreads,
  remove: removeFromThreads,
  exhaustedLimits: graphExhaustedLimits,
  readLimits: readThreadsLimits,
  composeUrl: ({ text }) => `https://www.threads.net/intent/post?${new URLSearchParams({ text }).toString()}`,
};
