import type { CoreDependencies } from '../../core-dependencies.ts';
import { createPlatformHealth } from '../platform-health.ts';
import { type ChangeRunner, runChange } from './run-change.ts';

/** Whether a job is for a change: it has the change's id where others have the publication's. */
export function isChangeId(id: string): boolean {
  return id.startsWith('chg_');
}

/** Carries changes out; the counterpart of the publishing engine for what is out already. */
export function createChangeRunner(
  deps: CoreDependencies,
  options: Omit<ChangeRunner, 'health'>,
): { run(changeId: string): Promise<void> } {
  const runner = { ...options, health: createPlatformHealth(deps, options.settings) };
  return { run: (changeId) => runChange(deps, runner, changeId) };
}
