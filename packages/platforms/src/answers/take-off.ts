import { PlatformError } from '../port/platform-error.ts';

/** Takes a post off its platform. One that the platform does not know any more is gone already, whoever removed it. */
export async function takeOff(remove: () => Promise<unknown>): Promise<'removed' | 'already_gone'> {
  try {
    await remove();
    return 'removed';
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'already_gone';
    throw error;
  }
}
