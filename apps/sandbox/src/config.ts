import { z } from 'zod';

/** What the sandbox needs to run. `now` is the wall clock in milliseconds since 1970. */
export type SandboxConfig = {
  port: number;
  dataDir: string;
  logLevel: z.infer<typeof LogLevel>;
  now: () => number;
};

/** Lists every fault of the environment at once, so that one restart mends them all. */
export class SandboxConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The sandbox cannot start: ${faults.join('; ')}`);
    this.name = 'SandboxConfigError';
    this.faults = faults;
  }
}

/**
 * Reads the configuration from an environment record. An empty variable counts as absent.
 * @throws {SandboxConfigError} naming every variable that is wrong
 */
export function readSandboxConfig(env: Readonly<Record<string, string | undefined>>): SandboxConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = SandboxEnv.safeParse(given);
  if (!parsed.success) {
    throw new SandboxConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const { SANDBOX_PORT, PORT, DATA_DIR, LOG_LEVEL } = parsed.data;
  return { port: SANDBOX_PORT ?? PORT ?? 4010, dataDir: DATA_DIR, logLevel: LOG_LEVEL, now: Date.now };
}

const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
  .transform(Number)
  .refine((port) => port <= 65_535, 'must be a port number from 0 to 65535');

const SandboxEnv = z.object({
  SANDBOX_PORT: Port.optional(),
  PORT: Port.optional(),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: LogLevel.default('info'),
});
