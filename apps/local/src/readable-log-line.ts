import { z } from 'zod';

const warnLevel = 40;
const levelNames = new Map([
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

const LogLine = z.object({
  level: z.number(),
  time: z.union([z.number(), z.string()]).optional(),
  app: z.string().optional(),
  msg: z.string().optional(),
  err: z.object({ message: z.string() }).optional(),
});

/** A line for a person, such as `12:00:01 warn publisher: platform is slow`; null for what only the log file should have. */
export function readableLogLine(json: string): string | null {
  const line = LogLine.safeParse(parse(json));
  if (!line.success) return json.trimEnd();
  const { level, time, app = 'local', msg = '', err } = line.data;
  if (level < warnLevel) return null;
  const name = levelNames.get(Math.min(60, level - (level % 10))) ?? 'warn';
  const reason = err === undefined || err.message === msg ? '' : ` (${err.message})`;
  return `${clockTime(time)} ${name} ${app}: ${msg}${reason}`;
}

function clockTime(time: number | string | undefined): string {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? '--:--:--' : date.toISOString().slice(11, 19);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
