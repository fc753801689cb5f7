import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { openApi } from './open-api.ts';
import { median, print, spread, verdict } from './report.ts';
import { sendVideo } from './send-video.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { startBeside } from './start-beside.ts';

const parallels = [1, 4];
/** Videos of one turn, however many at once. */
const videosPerTurn = 4;

/** Videos through the product's API, checked, digested, stored and answered for, to a handler that streams them to a file. */
export async function uploads(servers: Servers, { rounds, videoMegabytes }: Settings): Promise<void> {
  print(`\n## Uploads: ${videosPerTurn} videos of ${videoMegabytes} MB, ${rounds} rounds, MB/s`);
  await using stack = new AsyncDisposableStack();
  const directory = stack.adopt(await mkdtemp(join(tmpdir(), 'vibetribe-bench-bare-')), (path) =>
    rm(path, { recursive: true }),
  );
  const bare = stack.use(await startBeside(new URL('bare-upload.ts', import.meta.url), [directory]));
  const api = stack.use(await openApi(servers));
  const contenders = [
    { name: 'VibeTribe', url: `${api.url}/media/upload`, headers: { authorization: `Bearer ${api.accessToken}` } },
    { name: 'bare Fastify handler', url: `${bare.origin}/upload`, headers: {} },
  ];
  const file = movie({ dataBytes: videoMegabytes * 1024 * 1024 });
  for (const { url, headers } of contenders) await sendVideo(url, file, headers);

  for (const parallel of parallels) {
    const speeds = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, url, headers } of contenders) {
        const seconds = await secondsOf(() => sendSeveral(parallel, () => sendVideo(url, file, headers)));
        speeds.get(name)?.push((videosPerTurn * videoMegabytes) / seconds);
      }
    }
    const of = (name: string) => speeds.get(name) ?? [];
    for (const { name } of contenders) print(`${`${name}, ${parallel} at once`.padEnd(32)} ${spread(of(name))}`);
    const ratios = of('VibeTribe').map((speed, round) => speed / (of('bare Fastify handler')[round] ?? Infinity));
    print(`${`ratio within a round, ${parallel} at once`.padEnd(32)} ${spread(ratios, 2)}`);
    verdict(`videos, ${parallel} at once, to the bare handler`, median(ratios), { atLeast: 0.7 });
  }
}

/** `videosPerTurn` in all, so many at once. */
async function sendSeveral(parallel: number, send: () => Promise<void>): Promise<void> {
  const lane = async () => {
    for (let count = 0; count < videosPerTurn / parallel; count += 1) await send();
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return (performance.now() - startedAtMs) / 1000;
}
