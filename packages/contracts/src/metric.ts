import { z } from 'zod';

/** What is counted, in the product's words. A platform that gives a number under its own name says which of these it is. */
export const MetricName = z.enum([
  'followers',
  'following',
  'posts',
  'views',
  'engagedViews',
  'impressions',
  'reach',
  'reactions',
  'comments',
  'reposts',
  'quotes',
  'shares',
  'saves',
  'clicks',
  'profileVisits',
  'followsGained',
  'watchTimeMs',
  'averageWatchMs',
]);
export type MetricName = z.infer<typeof MetricName>;
