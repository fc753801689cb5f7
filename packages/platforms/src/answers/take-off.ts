import { PlatformError } from '../port/platform-error.ts';

/**
 * Takes a post off its platform. One that the platform does not know any more is gone already, whoever removed it.
 * @param isThere asked where a platform says the same of somebody else's post, or of one that is kept from this application
 */
export async function takeOff(
  remove: () => Promise<unknown>,
  isThere: () => Promise<boolean> = async () => false,
): Promise<'removed' | 'already_gone'> {
  try {
    await remove();
    return 'removed';
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not_found')) throw error;
    if (!(await isThere())) return 'already_gone';
    const message = 'The post is there, and this account may not take it off';
    throw new PlatformError('permission', message, { platformCode: 'not_own', cause: error });
  }
}
