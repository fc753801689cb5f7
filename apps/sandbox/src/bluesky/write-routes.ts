import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import { findAccount } from '../state/connect-account.ts';
import { invalidRequest, xrpcError } from './answers.ts';
import type { Blobs } from './blobs.ts';
import { cidOf } from './cid.ts';
import { DataModelError } from './dag-cbor.ts';
import { spend, writeDraws } from './spend.ts';
import { parseInput } from './parse-input.ts';
import { blobsOf, postCollection, postRecordFault } from './post-record.ts';
import { atUri, type RecordKey, type Records, type StoredRecord } from './records.ts';
import type { Sessions } from './sessions.ts';
import { isTid } from './tid.ts';

export function writeRoutes(
  app: FastifyInstance,
  site: Site,
  context: SiteContext,
  sessions: Sessions,
  records: Records,
  blobs: Pick<Blobs, 'get'>,
): void {
  app.post('/xrpc/com.atproto.repo.createRecord', (request, reply) => {
    const input = parseInput(CreateInput, request.body);
    const did = enter(request, reply, input.repo, 3);
    const at = { did, collection: input.collection, rkey: input.rkey ?? records.newKey() };
    const prepared = prepare(at.collection, at.rkey, input.record, input.validate);
    checkBlobs(did, prepared.value);
    if (records.get(at) !== undefined) throw new RefusalError(site.answers.internalError());
    checkCommit(did, input.swapCommit);
    return write(at, prepared);
  });

  app.post('/xrpc/com.atproto.repo.putRecord', (request, reply) => {
    const input = parseInput(PutInput, request.body);
    const did = enter(request, reply, input.repo, 2);
    const at = { did, collection: input.collection, rkey: input.rkey };
    const prepared = prepare(at.collection, at.rkey, input.record, input.validate);
    checkBlobs(did, prepared.value);
    const current = records.get(at);
    // The same record again is no write, whatever it was to replace.
    if (current?.cid === prepared.cid) return { uri: current.uri, cid: current.cid, ...prepared.status };
    checkRecord(current, input.swapRecord);
    checkCommit(did, input.swapCommit);
    return write(at, prepared);
  });

  app.post('/xrpc/com.atproto.repo.deleteRecord', (request, reply) => {
    const input = parseInput(DeleteInput, request.body);
    const did = enter(request, reply, input.repo, 1);
    const current = records.get({ did, collection: input.collection, rkey: input.rkey });
    if (current === undefined) return {};
    checkRecord(current, input.swapRecord);
    checkCommit(did, input.swapCommit);
    return { commit: records.remove(current) };
  });

  function write(at: RecordKey, { value, cid, status }: ReturnType<typeof prepare>) {
    return { uri: atUri(at), cid, commit: records.write(at, value, cid), ...status };
  }

  /** The DID of the caller, whose own repository it must be. */
  function enter(request: FastifyRequest, reply: FastifyReply, repo: string, points: number): string {
    const { account } = sessions.require(request.headers.authorization, 'access');
    spend(context, request, reply, writeDraws(account.id, points));
    if (findAccount(site, context.sandbox, repo)?.id !== account.id) {
      throw new RefusalError(xrpcError(401, 'AuthenticationRequired', 'Authentication Required'));
    }
    return account.id;
  }

  function checkBlobs(did: string, value: unknown): void {
    for (const { ref, mimeType, size } of blobsOf(value)) {
      const blob = blobs.get(did, ref.$link);
      if (blob === undefined)
        throw new RefusalError(xrpcError(400, 'BlobNotFound', `Could not find blob: ${ref.$link}`));
      if (blob.mimeType !== mimeType)
        throw new RefusalError(
          xrpcError(
            400,
            'InvalidMimeType',
            `Referenced Mimetype does not match stored blob. Expected: ${blob.mimeType}, Got: ${mimeType}`,
          ),
        );
      if (blob.bytes !== size)
        throw new RefusalError(
          xrpcError(400, 'InvalidSize', `Size does not match stored blob. Expected: ${blob.bytes}, Got: ${size}`),
        );
    }
  }

  function checkRecord(current: StoredRecord | undefined, swapRecord: string | null | undefined): void {
    if (swapRecord === undefined || swapRecord === (current?.cid ?? null)) return;
    throw new RefusalError(xrpcError(400, 'InvalidSwap', `Record was at ${current?.cid ?? 'null'}`));
  }

  function checkCommit(did: string, swapCommit: string | undefined): void {
    const head = records.head(did)?.cid;
    if (swapCommit === undefined || swapCommit === head) return;
    throw new RefusalError(xrpcError(400, 'InvalidSwap', `Commit was at ${head ?? 'null'}`));
  }
}

type Prepared = { value: Record<string, unknown>; cid: string; status: { validationStatus?: 'valid' | 'unknown' } };

/** What is stored for a record: verbatim but for a missing `$type`. */
function prepare(
  collection: string,
  rkey: string,
  record: Record<string, unknown>,
  validate: boolean | undefined,
): Prepared {
  if (record['$type'] !== undefined && record['$type'] !== collection) {
    throw new RefusalError(
      invalidRequest(`Invalid $type: expected ${collection}, got ${JSON.stringify(record['$type'])}`),
    );
  }
  const value = record['$type'] === undefined ? { $type: collection, ...record } : record;
  const isPost = collection === postCollection;
  if (isPost && !isTid(rkey))
    throw new RefusalError(invalidRequest(`Invalid record key for ${collection}: expected a TID, got ${rkey}`));
  if (validate === true && !isPost) throw new RefusalError(invalidRequest(`Lexicon not found: lex:${collection}`));
  const fault = isPost && validate !== false ? postRecordFault(value) : undefined;
  if (fault !== undefined) throw new RefusalError(invalidRequest(fault));
  const status = validate === false ? {} : { validationStatus: isPost ? ('valid' as const) : ('unknown' as const) };
  return { value, cid: cidOrRefusal(value), status };
}

function cidOrRefusal(value: unknown): string {
  try {
    return cidOf(value);
  } catch (error) {
    if (error instanceof DataModelError) throw new RefusalError(invalidRequest(`Bad record: ${error.message}`));
    throw error;
  }
}

const Nsid = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*$/, 'must be a valid nsid');
const RecordName = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._:~-]{1,512}$/, 'must be a valid record-key');

const WriteTarget = z.object({ repo: z.string(), collection: Nsid, swapCommit: z.string().optional() });
const RecordInput = WriteTarget.extend({ record: z.record(z.string(), z.unknown()), validate: z.boolean().optional() });
const CreateInput = RecordInput.extend({ rkey: RecordName.optional() });
const PutInput = RecordInput.extend({ rkey: RecordName, swapRecord: z.string().nullable().optional() });
const DeleteInput = WriteTarget.extend({ rkey: RecordName, swapRecord: z.string().optional() });
