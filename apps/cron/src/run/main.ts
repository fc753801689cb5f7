import { runApp } from '@vibetribe/core/run-app';
import { parseCronConfig } from '../config.ts';
import { startCron } from '../start-cron.ts';

await runApp({ app: 'cron', process, parseConfig: parseCronConfig, start: startCron });
