import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installTimeoutMs = 240_000;

/**
 * Makes sure that programs are there, each by its path, and installs the Debian packages that hold them where one is missing, we are root
 * and apt is there.
 * @returns null, or why not: tests that need them are skipped, and say so
 */
export async function requireDebianPrograms(
  packages: readonly string[],
  paths: readonly string[],
): Promise<string | null> {
  const missing = () => Promise.all(paths.map(isThere)).then((found) => found.includes(false));
  if (!(await missing())) return null;
  const reason = `needs Debian's ${packages.join(' and ')} (${paths.join(', ')})`;
  if (userInfo().uid !== 0 || !(await isThere('/usr/bin/apt-get'))) return reason;
  try {
    await installPackages(packages);
  } catch (error) {
    return `${reason}: ${error instanceof Error ? error.message.split('\n', 1)[0] : 'not installed'}`;
  }
  return (await missing()) ? reason : null;
}

/** From the package lists that are there, else from new ones: a fresh machine has none, or old ones. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const options = { timeout: installTimeoutMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  // Several test files may install at once.
  const wait = ['-o', 'DPkg::Lock::Timeout=180'];
  const install = [...wait, 'install', '-y', '--no-install-recommends', ...packages];
  try {
    await run('apt-get', install, options);
  } catch {
    await run('apt-get', [...wait, 'update'], options);
    await run('apt-get', install, options);
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
