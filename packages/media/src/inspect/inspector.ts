import { rm } from 'node:fs/promises';
import { createFairPermits } from '@vibetribe/resilience/fair-permits';
import { InspectionFailedError } from './inspection-failed-error.ts';
import type { Inspection, InspectionResult } from './inspection.ts';
import { type InspectionLimits, type InspectorProcess, startInspectorProcess } from './inspector-process.ts';
import { judgeFailure } from './judge-failure.ts';
import { MediaHelperError } from '../media-helper-error.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { MediaStoreError } from '../store/media-store.ts';

/** Looks into files in processes of its own, which may crash, stall or be killed without harm to this one. */
export interface Inspector extends AsyncDisposable {
  /**
   * @param organizationId whose share of the processes it takes
   * @throws MediaRefusedError where the file is at fault; MediaHelperError where processes failed and nothing is known about it
   */
  inspect<Kind extends Inspection['kind']>(
    inspection: Extract<Inspection, { kind: Kind }>,
    organizationId: string,
  ): Promise<InspectionResult<Kind>>;
}

export interface InspectorOptions {
  /** Processes at once; each holds about 80 MB while it is there, and up to the limit more at work. */
  readonly processesMax: number;
  readonly probe: InspectionLimits;
  readonly render: InspectionLimits;
  /** How long a process stays without work. */
  readonly idleMs: number;
}

const patience = { wallMsMax: 180_000, stalledMsMax: 10_000 };

export const inspectorDefaults: InspectorOptions = {
  processesMax: 3,
  probe: { cpuMsMax: 5_000, growthBytesMax: 500_000_000, ...patience },
  render: { cpuMsMax: 30_000, growthBytesMax: 700_000_000, ...patience },
  idleMs: 30_000,
};

/** A decoder gives not all of its memory back: what holds more than this, or has read so many files, is replaced. */
const keptResidentBytesMax = 250_000_000;
const inspectionsPerProcess = 200;

/** Each in a process of its own; the first may be a used one. */
const triesMax = 4;

interface KeptProcess {
  readonly process: InspectorProcess;
  /** Done by it so far. */
  readonly inspections: number;
}

/** Processes are started when there is work and end when there is none. Further work waits, and each organization gets its share. */
export function createInspector(options: InspectorOptions = inspectorDefaults): Inspector {
  const idle: (KeptProcess & { readonly timer: NodeJS.Timeout })[] = [];
  // One process is for the others whatever one organization does, and one is free of renderings, which take long.
  const shared = Math.max(1, options.processesMax - 1);
  const permits = createFairPermits<string>({ totalMax: options.processesMax, perKeyMax: shared });
  const renderings = createFairPermits<string>({ totalMax: shared, perKeyMax: shared });
  let isClosed = false;

  function takeIdle(): KeptProcess | null {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.process.isAlive()) return kept;
    }
    return null;
  }

  function giveBack({ process, inspections }: KeptProcess): void {
    const isSpent = inspections >= inspectionsPerProcess || process.residentBytes() > keptResidentBytesMax;
    if (isClosed || isSpent || !process.isAlive()) return process.kill();
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((kept) => kept.process === process),
        1,
      );
      process.kill();
    }, options.idleMs);
    timer.unref();
    idle.push({ process, inspections, timer });
  }

  /** @throws InspectionFailedError */
  async function runIn(kept: KeptProcess, inspection: Inspection) {
    try {
      return await kept.process.run(inspection, isLight(inspection) ? options.probe : options.render);
    } finally {
      giveBack({ ...kept, inspections: kept.inspections + 1 });
    }
  }

  async function inspectOnce(inspection: Inspection, kept: KeptProcess | null) {
    return runIn(kept ?? { process: await startInspectorProcess(), inspections: 0 }, inspection);
  }

  async function inspectAgain(inspection: Inspection) {
    let cause: unknown;
    for (let tries = 0; tries < triesMax; tries += 1) {
      if (isClosed) throw new MediaHelperError('The inspector is closed.', { cause });
      // What a process that is gone had begun to write.
      if (tries > 0 && 'outputPath' in inspection) await rm(inspection.outputPath, { force: true });
      const kept = tries === 0 ? takeIdle() : null;
      try {
        return await inspectOnce(inspection, kept);
      } catch (error) {
        if (!(error instanceof InspectionFailedError)) throw error;
        const refusal = judgeFailure(error.failure, { isFresh: kept === null });
        if (refusal !== null) throw refusal;
        cause = error;
      }
    }
    throw new MediaHelperError('The processes that look into files are killed or get no time.', { cause });
  }

  return {
    async inspect<Kind extends Inspection['kind']>(
      inspection: Extract<Inspection, { kind: Kind }>,
      organizationId: string,
    ) {
      const work = () => permits.run(organizationId, () => inspectAgain(inspection));
      const reply = await (isRendering(inspection) ? renderings.run(organizationId, work) : work());
      return resultOf<Kind>(reply);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (const { process, timer } of idle.splice(0)) {
        clearTimeout(timer);
        process.kill();
      }
    },
  };
}

function isRendering({ kind }: Inspection): boolean {
  return kind === 'render' || kind === 'animate';
}

/** HEIC and AVIF cost as much to look at as others to encode. */
function isLight(inspection: Inspection): boolean {
  const isHeavyType = 'mimeType' in inspection && ['image/heic', 'image/avif'].includes(inspection.mimeType);
  return !isRendering(inspection) && !isHeavyType;
}

function resultOf<Kind extends Inspection['kind']>(
  reply: Awaited<ReturnType<InspectorProcess['run']>>,
): InspectionResult<Kind> {
  switch (reply.kind) {
    case 'result':
      return reply.result as InspectionResult<Kind>;
    case 'refusal':
      throw new MediaRefusedError(reply.code, reply.message);
    case 'fault':
      if (reply.isFull) throw new MediaStoreError('full', 'The disk that files are kept on is full.');
      throw new Error(`inspecting a file failed: ${reply.message}`);
    case 'ready':
      throw new Error('a process that inspects media started anew');
  }
}
