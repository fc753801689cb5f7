const keyBytes = 32;

export interface EncryptionKeys {
  readonly writingKeyId: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Reads `id:base64,id:base64,...`: the first key writes.
 * @throws RangeError naming the faulty entry by its place, and by its id once that is known to be one; never its key
 */
export function parseEncryptionKeys(spec: string): EncryptionKeys {
  const keys = new Map<string, Buffer>();
  for (const [index, entry] of spec.split(',').entries()) {
    const { id, key } = parseEntry(entry.trim(), `entry ${index + 1}`);
    if (keys.has(id)) throw fault(`entry ${index + 1}`, `repeats the id "${id}"`);
    keys.set(id, key);
  }
  const [writingKeyId] = keys.keys();
  if (writingKeyId === undefined) throw fault('entry 1', 'is missing');
  return { writingKeyId, keys };
}

function parseEntry(entry: string, place: string): { id: string; key: Buffer } {
  const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):(.*)$/.exec(entry) ?? [];
  if (id === undefined || encoded === undefined) {
    throw fault(place, 'does not have the form id:base64 with an id of 1 to 32 letters, digits, "_" or "-"');
  }
  const key = Buffer.from(encoded, 'base64');
  if (key.toString('base64url') !== toBase64Url(encoded)) throw fault(`${place} (${id})`, 'is not valid base64');
  if (key.length !== keyBytes) throw fault(`${place} (${id})`, `holds ${key.length} bytes instead of ${keyBytes}`);
  return { id, key };
}

function toBase64Url(encoded: string): string {
  return encoded.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fault(place: string, problem: string): RangeError {
  return new RangeError(`ENCRYPTION_KEYS: ${place} ${problem}`);
}
