import type { PlatformAdapter } from '../port/adapter.ts';
import { youTubeName } from './api.ts';
import { editOnYouTube, removeFromYouTube } from './change.ts';
import { readYouTubeAccount } from './channels.ts';
import { youTubeComments } from './comments.ts';
import { youTubeDoctor } from './doctor.ts';
import { youTubeEndpoints, youTubeExhaustedLimits, youTubeLimits, youTubeReconciliation } from './limits.ts';
import { youTubeManual } from './manual.ts';
import { youTubeMediaRules } from './media-rules.ts';
import { youTubeMetrics } from './metrics.ts';
import { youTubeOAuth, youTubeRefresh } from './oauth.ts';
import { YouTubeOptions } from './options.ts';
import { publishYouTube } from './publish.ts';
import { reconcileYouTube } from './reconcile.ts';
import { countBytes, descriptionBytesMax } from './text.ts';
import { validateYouTube } from './validate.ts';

export const youtube: PlatformAdapter = {
  id: 'youtube',
  displayName: youTubeName,
  externalIdScope: 'platform',
  rules: {
    text: {
      max: descriptionBytesMax,
      countedAs: 'bytes, none of them < or >',
      refused: '<>',
      required: false,
      count: countBytes,
    },
    media: youTubeMediaRules,
    thread: null,
    options: YouTubeOptions,
    requiredFields: ['mediaIds'],
  },
  limits: youTubeLimits,
  reconciliation: youTubeReconciliation,
  endpoints: youTubeEndpoints,
  oauth: youTubeOAuth,
  manual: youTubeManual,
  refresh: youTubeRefresh,
  readAccount: readYouTubeAccount,
  doctor: youTubeDoctor,
  metrics: youTubeMetrics,
  comments: youTubeComments,
  validate: validateYouTube,
  publish: publishYouTube,
  reconcile: reconcileYouTube,
  remove: removeFromYouTube,
  edit: editOnYouTube,
  exhaustedLimits: youTubeExhaustedLimits,
  composeUrl: (_content, { externalId }) =>
    `https://studio.youtube.com/channel/${encodeURIComponent(externalId)}/videos/upload`,
};
