import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import { altCharactersMax } from '@vibetribe/contracts/media';
import { DomainError } from '@vibetribe/core/domain-error';
import type { Actor } from '@vibetribe/core/actor';
import type { Transfer } from '@vibetribe/core/media/begin-transfer';
import { mediaFault } from '@vibetribe/core/media/media-fault';
import { MediaRefusedError } from '@vibetribe/media/media-refused-error';
import { videoBytesMax } from '@vibetribe/media/media-type';
import type { MediaLibrary } from '@vibetribe/media/media-library';
import { type ReceivedFile, receiveUpload } from '@vibetribe/media/upload/receive-upload';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { unstorableText } from './text-guard.ts';

/** A file of a multipart body: in quarantine, or why it was not taken. */
export type FileReceipt = { readonly fileName: string | null } & (
  | { readonly kind: 'received'; readonly file: ReceivedFile; readonly transfer: Transfer }
  | { readonly kind: 'refused'; readonly refusal: MediaRefusedError | DomainError }
);

/** The files of one request, in their order. Disposing removes them. */
export interface ReceivedFiles extends AsyncDisposable {
  readonly receipts: readonly FileReceipt[];
  /** The n-th alternative text belongs to the n-th file. */
  readonly alts: readonly string[];
}

export interface ReceiveOptions {
  readonly field: string;
  readonly filesMax: number;
  readonly media: Pick<MediaLibrary, 'incomingDirectory' | 'digests'>;
  /** The room for one file of this actor. */
  readonly beginTransfer: (actor: Actor) => Transfer;
}

const received = new WeakMap<FastifyRequest, ReceivedFiles>();
const fieldsMax = 20;
const fileNameCharactersMax = 255;
/** For everything in the body that is no file. */
const otherBytesMax = 1024 * 1024;

/**
 * A hook before the handler: writes the files of the body into quarantine, one after the other and never as a whole in memory.
 * What stands for the body afterwards are the files' digests, so that a repeated request can be compared with the first.
 * @throws DomainError where the body as a whole cannot be read; a file that is not taken is told in its receipt
 */
export function receiveFiles(options: ReceiveOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!request.isMultipart()) throw new DomainError('unsupported_media_type', 'Send multipart/form-data.');
    const bodyBytes = Number(request.headers['content-length'] ?? 0);
    if (bodyBytes > options.filesMax * videoBytesMax + otherBytesMax) {
      // Not worth reading to its end.
      void reply.header('connection', 'close');
      throw new DomainError('payload_too_large', 'The body is larger than this route takes.');
    }
    const files = await receiveBody(request, options);
    received.set(request, files);
    // An answer may come without the handler: one that is remembered.
    reply.raw.once('close', () => void takeUnused(request)?.[Symbol.asyncDispose]());
    request.body = digestOf(files);
  };
}

/** The request's files, for the handler: from here on they are the caller's to dispose of. */
export function takeFiles(request: FastifyRequest): ReceivedFiles {
  const files = takeUnused(request);
  if (files === undefined) throw new Error('the files of this request were not received, or taken already');
  return files;
}

function takeUnused(request: FastifyRequest): ReceivedFiles | undefined {
  const files = received.get(request);
  received.delete(request);
  return files;
}

async function receiveBody(
  request: FastifyRequest,
  { field, filesMax, media, beginTransfer }: ReceiveOptions,
): Promise<ReceivedFiles> {
  await using undo = new AsyncDisposableStack();
  const receipts: FileReceipt[] = [];
  const alts: string[] = [];
  for await (const part of partsOf(request, field, filesMax)) {
    if (part.type === 'field') {
      if (part.fieldname === 'alt') alts.push(altOf(part));
      continue;
    }
    if (part.fieldname !== field) throw fault(part.fieldname, `is not a known field; send files as ${field}`);
    const transfer = undo.use(beginTransfer(request.actor));
    const receipt = await receive(part, media, transfer);
    if (receipt.kind === 'received') undo.use(receipt.file);
    receipts.push(receipt);
  }
  if (receipts.length === 0) throw fault(field, 'is required');
  if (alts.length > 0 && alts.length !== receipts.length) throw unevenAlts(alts.length, receipts.length);
  const kept = undo.move();
  return { receipts, alts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function* partsOf(
  request: FastifyRequest,
  field: string,
  files: number,
): AsyncGenerator<MultipartFile | MultipartValue> {
  const limits = { fileSize: videoBytesMax + 1, files, fields: fieldsMax, fieldSize: altCharactersMax * 4 };
  // What stands in the field for files is one, whether its sender names it or not.
  const isPartAFile = (name: string | undefined, _type: string | undefined, fileName: string | undefined) =>
    name === field || fileName !== undefined;
  const parts = request.parts({ limits, isPartAFile });
  try {
    // One after the other: what the loop's body throws does not come by here.
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) yield next.value;
  } catch (cause) {
    if (cause instanceof Error && 'statusCode' in cause && cause.statusCode === 413) {
      throw new DomainError('payload_too_large', `One request takes ${files} files and ${fieldsMax} fields.`, {
        cause,
      });
    }
    throw new DomainError('malformed_request', 'The multipart body is broken or was cut off.', { cause });
  }
}

async function receive(part: MultipartFile, media: ReceiveOptions['media'], transfer: Transfer): Promise<FileReceipt> {
  const fileName = fileNameOf(part.filename);
  const source = part.file;
  // A connection that ends while nobody is reading would otherwise end the process.
  source.on('error', () => undefined);
  try {
    const file = await receiveUpload(
      { source, fileName, room: transfer },
      { directory: media.incomingDirectory, digests: media.digests },
    );
    return { kind: 'received', fileName, file, transfer };
  } catch (error) {
    if (!isRefusal(error)) throw mediaFault(error);
    await transfer[Symbol.asyncDispose]();
    // The next part comes only once this one has been read.
    source.resume();
    return { kind: 'refused', fileName, refusal: error };
  }
}

/** Of this file alone: another one may be of another type, or small enough for what is left. */
function isRefusal(error: unknown): error is MediaRefusedError | DomainError {
  if (error instanceof DomainError) return error.code === 'quota_exceeded';
  return error instanceof MediaRefusedError && error.code !== 'aborted';
}

function fileNameOf(given: string | undefined): string | null {
  if (given === undefined || given === '') return null;
  const name = given.toWellFormed().replaceAll(/\p{Cc}/gu, '');
  return name.length <= fileNameCharactersMax ? name : name.slice(-fileNameCharactersMax);
}

function altOf({ value, valueTruncated }: MultipartValue): string {
  if (typeof value !== 'string') throw fault('alt', 'must be text');
  if (valueTruncated) throw fault('alt', `must have at most ${altCharactersMax} characters`);
  const [unstorable] = unstorableText(value, 'alt');
  if (unstorable !== undefined) throw fault('alt', unstorable.message);
  return value;
}

/** Which text belongs to which file cannot be told. */
function unevenAlts(alts: number, files: number): DomainError {
  const message = `${files} files came with ${alts} alternative texts: send one for each file, in their order, and an empty one for a file that has none`;
  return fault('alt', message);
}

function fault(path: string, message: string): DomainError {
  return new DomainError('validation_failed', 'Some fields are not valid; see errors.', {
    errors: [{ path, message }],
  });
}

function digestOf({ receipts, alts }: ReceivedFiles): object {
  return {
    alts,
    files: receipts.map((receipt) => ({
      fileName: receipt.fileName,
      ...(receipt.kind === 'received'
        ? { sha256: receipt.file.sha256, bytes: receipt.file.bytes }
        : { refusal: receipt.refusal.code }),
    })),
  };
}
