import { analytics } from './analytics.ts';
import { attacks } from './attacks.ts';
import { dispatcherTurn } from './dispatcher-turn.ts';
import { fairness } from './fairness.ts';
import { limits } from './limits.ts';
import { lists } from './lists.ts';
import { punctuality } from './punctuality.ts';
import { realtime } from './realtime.ts';
import { startServers } from './servers.ts';
import { readSettings } from './settings.ts';
import { throughput } from './throughput.ts';
import { uploads } from './uploads.ts';

const sections = {
  throughput,
  punctuality,
  fairness,
  dispatcher: dispatcherTurn,
  uploads,
  attacks,
  limits,
  analytics,
  lists,
  realtime,
};

const wanted = new Set(process.argv.slice(2));
const settings = readSettings(process.env);
await using servers = await startServers();
for (const [name, run] of Object.entries(sections))
  if (wanted.size === 0 || wanted.has(name)) await run(servers, settings);
