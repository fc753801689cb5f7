import type { DoctorCheck } from '../port/doctor.ts';
import type { OAuthClient } from '../port/endpoints.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';

/** Whether an application is set at all. @param settings the variables that name it, with what they have to be of */
export function clientIsSet(
  client: OAuthClient | null | undefined,
  told: { readonly name: string; readonly settings: string; readonly set: string; readonly missing: string },
): DoctorCheck {
  const { name, settings, set, missing } = told;
  return client === null || client === undefined
    ? { name, status: 'warning', detail: missing, action: `Set ${settings}` }
    : { name, status: 'ok', detail: set };
}

/** Whether the platform knows the application, by an answer or by a refusal that it gives to nobody else. */
export async function clientIsKnown(
  ask: () => Promise<unknown>,
  told: {
    readonly name: string;
    readonly platformName: string;
    /** Says that the platform knows it. */
    readonly isKnown?: (error: PlatformError) => boolean;
    /** Say that it does not. */
    readonly refusals?: readonly PlatformErrorKind[];
    readonly whenRefused: string;
    readonly whenSilent?: string;
  },
): Promise<DoctorCheck> {
  const { name, platformName, isKnown = () => false, refusals = ['permission'], whenRefused, whenSilent } = told;
  const known: DoctorCheck = { name, status: 'ok', detail: `${platformName} knows the application` };
  try {
    await ask();
    return known;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (isKnown(error)) return known;
    const isRefused = refusals.includes(error.kind);
    const action = isRefused ? whenRefused : whenSilent;
    const status = isRefused ? 'failed' : 'unknown';
    return { name, status, detail: error.message, ...(action === undefined ? {} : { action }) };
  }
}
