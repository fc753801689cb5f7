import { runApp } from '@vibetribe/core/run-app';
import { parseApiConfig } from '../config.ts';
import { startApi } from '../start-api.ts';

await runApp({ app: 'api', process, parseConfig: parseApiConfig, start: startApi });
