import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installStamp } from './install-stamp.mjs';
import { runChild } from './run-child.mjs';

const pnpm = 'pnpm@12.21.0';
const otherInstallWaitMs = 15 * 60_000;
const pollMs = 250;

/**
 * Installs the workspace's packages unless what is installed matches the lockfile already; then it starts no process
 * and needs no network. Resolves to null, or to the sentence that says why it could not.
 */
export async function ensureInstalled(root) {
  const stamp = installStamp(root);
  if (isInstalled(root, stamp)) return null;
  const unwritable = whyNotWritable(root);
  if (unwritable !== null) return unwritable;
  const lock = await takeLock(join(root, 'node_modules', '.install.lock'));
  if (lock === null) return 'Another install has been running in this folder for 15 minutes: end it and start again.';
  try {
    return isInstalled(root, stamp) ? null : await install(root, stamp);
  } finally {
    lock.release();
  }
}

async function install(root, stamp) {
  console.error('Installing packages ...');
  const args = ['--yes', '--prefer-offline', pnpm, 'install', '--frozen-lockfile', '--prefer-offline'];
  // CI: without a terminal pnpm would otherwise refuse to replace what an older install left.
  const env = { ...process.env, CI: 'true' };
  const { code, signal, error } = await runChild('npx', args, { cwd: root, env, stdin: 'ignore' });
  if (error?.code === 'ENOENT') return 'The install needs npm (with npx) on the PATH, and there is none.';
  if (signal !== null) return `The install was ended by ${signal}.`;
  if (code === 130 || code === 143) return 'The install was interrupted.';
  if (error !== null || code !== 0 || !existsSync(nodeOf(root))) {
    return `The install failed (the reason stands above). It needs the npm registry once, and room to write below ${root}: run the command again when it has both.`;
  }
  writeStamp(root, stamp);
  return null;
}

const stampOf = (root) => join(root, 'node_modules', '.install-stamp');
const nodeOf = (root) => join(root, 'node_modules', '.bin', 'node');

function isInstalled(root, stamp) {
  return existsSync(nodeOf(root)) && readIfThere(stampOf(root)) === stamp;
}

function writeStamp(root, stamp) {
  const draft = `${stampOf(root)}.${process.pid}`;
  writeFileSync(draft, stamp);
  renameSync(draft, stampOf(root));
}

function whyNotWritable(root) {
  try {
    accessSync(root, constants.W_OK);
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    accessSync(join(root, 'node_modules'), constants.W_OK);
    return null;
  } catch (error) {
    return `The packages are not installed, and ${root} cannot be written to (${error.code}).`;
  }
}

/** A file with the holder's process id; that of a dead process counts for nothing. Null after `otherInstallWaitMs`. */
async function takeLock(path) {
  const deadlineAt = Date.now() + otherInstallWaitMs;
  for (let told = false; Date.now() < deadlineAt; told = true) {
    if (linkedNew(path, String(process.pid))) return { release: () => rmSync(path, { force: true }) };
    if (!isAlive(Number(readIfThere(path)))) rmSync(path, { force: true });
    else {
      if (!told) console.error('Waiting for another install in this folder ...');
      await sleep(pollMs);
    }
  }
  return null;
}

/** Makes the file with its content in one step, so that nobody reads it half written; false when it exists. */
function linkedNew(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft);
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
