// Plain JavaScript without dependencies, for Node 20.19 and newer: it runs before anything is installed.
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';
import { EnvFileError, withEnvFile } from './env-file.mjs';
import { runChild } from './run-child.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const pinnedNode = join(root, 'node_modules', '.bin', 'node');

/** Installs what is missing. Ends the process with one sentence when that cannot be done. */
export async function prepare() {
  requireHostNode();
  const fault = await ensureInstalled(root);
  if (fault !== null) fail(fault);
}

/**
 * Installs what is missing, runs a TypeScript file of the workspace on the pinned Node, and ends with its exit code.
 * With `envFile` its settings come from `.env` too.
 */
export async function runEntry(entry, args, { envFile = false } = {}) {
  const given = envFile ? environmentWithFile() : process.env;
  await prepare();
  if (!existsSync(join(root, entry))) fail(`${entry} is not part of this checkout.`);
  // Compiled code is kept from run to run: it saves a quarter of the start's work. Where it cannot be written, Node goes without.
  const env = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...given };
  exitAs(await runChild(pinnedNode, [join(root, entry), ...args], { cwd: root, env, tellWhenGone: true }));
}

/** Ends the process the way the child ended: its exit code, or 128 and the signal's number. */
export function exitAs({ code, signal }) {
  process.exit(signal === null ? code : 128 + constants.signals[signal]);
}

function requireHostNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`VibeTribe needs Node 20.19 or newer to start; this is Node ${process.versions.node}.`);
}

function environmentWithFile() {
  try {
    return withEnvFile(root, process.env);
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    return fail(`The settings could not be read: ${error.message}.`);
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
