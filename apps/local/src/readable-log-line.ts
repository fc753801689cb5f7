import { z } from 'zod';

const shownLevels: readonly string[] = ['warn', 'error', 'fatal'];

const LogLine = z.object({
  level: z.string(),
  time: z.string().optional(),
  app: z.string().optional(),
  msg: z.string().optional(),
  err: z.object({ message: z.string() }).optional(),
});

/** A line for a person, such as `12:00:01 warn publisher: platform is slow`; null for what only the log file should have. */
export function readableLogLine(json: string): string | null {
  const line = LogLine.safeParse(parse(json));
  if (!line.success) return json.trimEnd();
  const { level, time = '', app = 'local', msg = '', err } = line.data;
  if (!shownLevels.includes(level)) return null;
  const reason = err === undefined || err.message === msg ? '' : ` (${err.message})`;
  return `${time.slice(11, 19)} ${level} ${app}: ${msg}${reason}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
