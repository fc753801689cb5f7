import { analytics } from './analytics.ts';
import { api } from './api.ts';
import { attacks } from './attacks.ts';
import { chooseSections } from './choose-sections.ts';
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
  api,
  realtime,
};

const chosen = chosenOrEnd();
const settings = readSettings(process.env);
await using servers = await startServers();
for (const run of chosen) await run(servers, settings);

function chosenOrEnd() {
  try {
    return chooseSections(sections, process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    return process.exit(1);
  }
}
