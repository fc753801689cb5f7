import type { Inspection, InspectionResult } from './inspection.ts';
import { type InspectionLimits, type InspectorProcess, startInspectorProcess } from './inspector-process.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** Looks into files in processes of its own, which may crash, stall or be killed without harm to this one. */
export interface Inspector extends AsyncDisposable {
  /** @throws MediaRefusedError where the file is at fault */
  inspect<Kind extends Inspection['kind']>(
    inspection: Extract<Inspection, { kind: Kind }>,
  ): Promise<InspectionResult<Kind>>;
}

export interface InspectorOptions {
  /** Processes at once; each holds about 80 MB while it is there, and up to the limit at work. */
  readonly processesMax: number;
  readonly probe: InspectionLimits;
  readonly render: InspectionLimits;
  /** How long a process stays without work. */
  readonly idleMs: number;
}

export const inspectorDefaults: InspectorOptions = {
  processesMax: 2,
  probe: { deadlineMs: 5_000, residentBytesMax: 300_000_000 },
  render: { deadlineMs: 30_000, residentBytesMax: 500_000_000 },
  idleMs: 30_000,
};

/** A decoder's memory only grows: after this many files a process is replaced. */
const inspectionsPerProcess = 200;

/** Processes are started when there is work and end when there is none; further work waits its turn. */
export function createInspector(options: InspectorOptions = inspectorDefaults): Inspector {
  const idle: { process: InspectorProcess; inspections: number; timer: NodeJS.Timeout }[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  let isClosed = false;

  async function enter(): Promise<void> {
    if (running < options.processesMax) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  async function take(): Promise<{ process: InspectorProcess; inspections: number }> {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.process.isAlive()) return kept;
    }
    return { process: await startInspectorProcess(), inspections: 0 };
  }

  function giveBack(process: InspectorProcess, inspections: number): void {
    if (isClosed || inspections >= inspectionsPerProcess || !process.isAlive()) return process.kill();
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

  return {
    async inspect<Kind extends Inspection['kind']>(inspection: Extract<Inspection, { kind: Kind }>) {
      await enter();
      try {
        if (isClosed) throw new Error('the inspector is closed');
        const { process, inspections } = await take();
        try {
          const reply = await process.run(inspection, inspection.kind === 'render' ? options.render : options.probe);
          return resultOf<Kind>(reply);
        } finally {
          giveBack(process, inspections + 1);
        }
      } finally {
        leave();
      }
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

function resultOf<Kind extends Inspection['kind']>(
  reply: Awaited<ReturnType<InspectorProcess['run']>>,
): InspectionResult<Kind> {
  switch (reply.kind) {
    case 'result':
      return reply.result as InspectionResult<Kind>;
    case 'refusal':
      throw new MediaRefusedError(reply.code, reply.message);
    case 'fault':
      throw new Error(`inspecting a file failed: ${reply.message}`);
    case 'ready':
      throw new Error('a process that inspects media started anew');
  }
}
