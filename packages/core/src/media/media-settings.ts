import type { CloudinaryAccount } from '@vibetribe/media/store/cloudinary-store';
import { z } from 'zod';

/** Environment of every process that stores, serves or publishes media: spread into its own schema, checked by `checkMediaEnv`. */
export const mediaEnvShape = {
  DATA_DIR: z.string().min(1).default('.data'),
  MEDIA_STORE: z.enum(['local', 'cloudinary']).default('local'),
  MEDIA_QUOTA_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(20 * 1024 ** 3),
  DISK_RESERVE_BYTES: z.coerce.number().int().min(0).optional(),
  CLOUDINARY_CLOUD_NAME: z.string().min(1).optional(),
  CLOUDINARY_API_KEY: z.string().min(1).optional(),
  CLOUDINARY_API_SECRET: z.string().min(1).optional(),
  /** Where something else answers instead of Cloudinary. */
  CLOUDINARY_UPLOAD_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  CLOUDINARY_DELIVERY_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
};

const MediaEnv = z.object(mediaEnvShape);
type MediaEnv = z.infer<typeof MediaEnv> & { readonly SANDBOX_URL?: string | undefined };

export interface MediaSettings {
  readonly dataDir: string;
  /** Null: files stay in `dataDir`. */
  readonly cloudinary: CloudinaryAccount | null;
  readonly mediaQuotaBytes: number;
  /** Free space that no file is written into; null: a gibibyte, or a tenth of a smaller disk. */
  readonly diskReserveBytes: number | null;
}

const accountNames = ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'] as const;

/** For a schema's `superRefine`: Cloudinary needs its three names, or none where the sandbox stands in for it. */
export function checkMediaEnv(env: MediaEnv, context: z.RefinementCtx<unknown>): void {
  if (env.MEDIA_STORE !== 'cloudinary' || sandboxOf(env) !== null) return;
  for (const name of accountNames) {
    if (env[name] === undefined) {
      context.addIssue({ code: 'custom', path: [name], message: 'is needed where MEDIA_STORE is cloudinary' });
    }
  }
}

export function mediaSettingsOf(env: MediaEnv): MediaSettings {
  return {
    dataDir: env.DATA_DIR,
    cloudinary: cloudinaryOf(env),
    mediaQuotaBytes: env.MEDIA_QUOTA_BYTES,
    diskReserveBytes: env.DISK_RESERVE_BYTES ?? null,
  };
}

function cloudinaryOf(env: MediaEnv): CloudinaryAccount | null {
  if (env.MEDIA_STORE !== 'cloudinary') return null;
  const sandbox = sandboxOf(env);
  if (sandbox !== null) return sandbox;
  const { CLOUDINARY_CLOUD_NAME: cloudName, CLOUDINARY_API_KEY: apiKey, CLOUDINARY_API_SECRET: apiSecret } = env;
  if (cloudName === undefined || apiKey === undefined || apiSecret === undefined) {
    throw new RangeError('Cloudinary needs a cloud name, a key and a secret');
  }
  return {
    cloudName,
    apiKey,
    apiSecret,
    uploadOrigin: env.CLOUDINARY_UPLOAD_ORIGIN,
    deliveryOrigin: env.CLOUDINARY_DELIVERY_ORIGIN,
  };
}

/** Null where an account was named, or there is no sandbox. */
function sandboxOf(env: MediaEnv): CloudinaryAccount | null {
  if (env.SANDBOX_URL === undefined || accountNames.some((name) => env[name] !== undefined)) return null;
  const origin = `${env.SANDBOX_URL}/cloudinary`;
  return {
    cloudName: 'sandbox',
    apiKey: 'vibetribe-sandbox',
    apiSecret: 'vibetribe-sandbox-secret',
    uploadOrigin: origin,
    deliveryOrigin: origin,
  };
}
