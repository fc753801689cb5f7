import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { parseEncryptionKeys } from './parse-encryption-keys.ts';
import { SecretUnreadableError } from './secret-unreadable-error.ts';

/** Where a secret lives. It is bound to the ciphertext: the same ciphertext anywhere else does not open. */
export interface SecretContext {
  readonly organizationId: string;
  readonly table: string;
  readonly rowId: string;
  readonly column: string;
}

/** Sealed form: `enc:v1:<key id>:<nonce>:<ciphertext and tag>`, the last two base64url. */
export interface KeyRing {
  /** Encrypts under the writing key. The same plaintext never gives the same result twice. */
  seal(plaintext: string, context: SecretContext): string;
  /** @throws SecretUnreadableError if it is not a sealed secret, its key is not here, or it was altered or moved */
  open(sealed: string, context: SecretContext): string;
  /** @throws SecretUnreadableError if it is not a sealed secret */
  keyIdOf(sealed: string): string;
  /** Whether it was sealed under another key than the one that writes now. @throws SecretUnreadableError as `keyIdOf` */
  needsRewrap(sealed: string): boolean;
}

const algorithm = 'aes-256-gcm';
const prefix = 'enc:v1';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with a fresh 96-bit nonce and a 128-bit tag for every secret.
 * @param spec `id:base64,id:base64,...`, keys of 32 bytes: the first one writes, all of them read
 */
export function createKeyRing(spec: string): KeyRing {
  const { writingKeyId, keys } = parseEncryptionKeys(spec);

  const keyFor = (keyId: string) => {
    const key = keys.get(keyId);
    if (key === undefined) throw new SecretUnreadableError('unknown_key', { keyId });
    return key;
  };

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, keyFor(writingKeyId), nonce, { authTagLength: tagBytes });
      cipher.setAAD(boundTo(context, writingKeyId));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${prefix}:${writingKeyId}:${nonce.toString('base64url')}:${body.toString('base64url')}`;
    },

    open(sealed, context) {
      const { keyId, nonce, ciphertext, tag } = parseSealed(sealed);
      // Node takes shorter tags unless told the length, and a short tag can be guessed.
      const decipher = createDecipheriv(algorithm, keyFor(keyId), nonce, { authTagLength: tagBytes });
      decipher.setAAD(boundTo(context, keyId));
      decipher.setAuthTag(tag);
      const start = decipher.update(ciphertext);
      try {
        return Buffer.concat([start, decipher.final()]).toString('utf8');
      } catch (error) {
        throw new SecretUnreadableError('altered_or_moved', { keyId, cause: error });
      }
    },

    keyIdOf: (sealed) => parseSealed(sealed).keyId,
    needsRewrap: (sealed) => parseSealed(sealed).keyId !== writingKeyId,
  };
}

/** Each part is preceded by its length: no two contexts give the same bytes. */
function boundTo({ organizationId, table, rowId, column }: SecretContext, keyId: string): Buffer {
  const parts = [prefix, organizationId, table, rowId, column, keyId].map((part) => Buffer.from(part, 'utf8'));
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

function parseSealed(sealed: string): { keyId: string; nonce: Buffer; ciphertext: Buffer; tag: Buffer } {
  const match = /^enc:v1:([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]+):([A-Za-z0-9_-]+)$/.exec(sealed);
  const [, keyId = '', nonceText = '', bodyText = ''] = match ?? [];
  const nonce = Buffer.from(nonceText, 'base64url');
  const body = Buffer.from(bodyText, 'base64url');
  // Only the one true spelling is accepted: base64 has bits at its end that decoders ignore.
  const isCanonical = nonce.toString('base64url') === nonceText && body.toString('base64url') === bodyText;
  if (match === null || !isCanonical || nonce.length !== nonceBytes || body.length < tagBytes)
    throw new SecretUnreadableError('malformed');
  return { keyId, nonce, ciphertext: body.subarray(0, -tagBytes), tag: body.subarray(-tagBytes) };
}
