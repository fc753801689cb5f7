import { runApp } from '@vibetribe/core/run-app';
import { parsePublisherConfig } from '../config.ts';
import { startPublisher } from '../start-publisher.ts';

await runApp({ app: 'publisher', process, parseConfig: parsePublisherConfig, start: startPublisher });
