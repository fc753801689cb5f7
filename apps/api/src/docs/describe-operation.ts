import { errorCodes } from '@vibetribe/contracts/error-code';
import type { FastifyContextConfig } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { problemMediaType } from '../http/problem.ts';
import { errorsByStatus } from './route-errors.ts';

type Operation = OpenAPIV3_1.OperationObject;

const sessionHeaders = {
  'Idempotency-Key':
    'Makes the request repeatable for 24 hours: the same key and body give the first answer again, with `Idempotent-Replayed: true`.',
  'If-Match':
    'The `ETag` that the caller has read. The request is refused with 412 where the resource has changed since.',
} as const;

const problemSchema = { $ref: '#/components/schemas/Problem' };

const anyProblem: OpenAPIV3_1.ResponseObject = {
  description: 'A problem document.',
  content: { [problemMediaType]: { schema: problemSchema } },
};

/** Completes an operation with all that follows from how its route is registered. */
export function describeOperation(method: string, operation: Operation, config: FastifyContextConfig): Operation {
  const { access, idempotent, versioned, upload } = config;
  const parameters = [
    ...(operation.parameters ?? []),
    ...(idempotent === undefined
      ? []
      : [headerParameter('Idempotency-Key', { type: 'string', minLength: 1, maxLength: 255 })]),
    ...(versioned ? [headerParameter('If-Match', { type: 'string' })] : []),
  ];
  return {
    ...operation,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(access === 'public' ? { security: [] } : {}),
    // From the loopback address nothing need be shown.
    ...(access === 'operator' ? { security: [{ bearer: [] }, {}] } : {}),
    ...(upload === undefined ? {} : { requestBody: multipartBody(upload) }),
    description: [operation.description, whoMayCall(access)].filter(Boolean).join('\n\n'),
    responses: { ...merged(answers(operation, config), problems(method, operation, config)), default: anyProblem },
  };
}

function headerParameter(
  name: keyof typeof sessionHeaders,
  schema: NonNullable<OpenAPIV3_1.ParameterObject['schema']>,
): OpenAPIV3_1.ParameterObject {
  return { name, in: 'header', required: false, description: sessionHeaders[name], schema };
}

function whoMayCall(access: FastifyContextConfig['access']): string {
  if (access === 'public' || access === undefined) return 'Anyone may call it.';
  if (access === 'operator') return 'For an API key with the scope `ops`, or from the loopback address.';
  return `For principals with the right \`${access}\`.`;
}

function multipartBody({ field, filesMax }: { field: string; filesMax: number }): OpenAPIV3_1.RequestBodyObject {
  const file = { type: 'string', contentMediaType: 'application/octet-stream' } as const;
  const text = { type: 'string', description: 'Alternative text.' } as const;
  const one = filesMax === 1;
  return {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: [field],
          properties: {
            [field]: one ? file : { type: 'array', items: file, minItems: 1, maxItems: filesMax },
            alt: one ? text : { type: 'array', items: text, maxItems: filesMax },
          },
        },
      },
    },
  };
}

/** The route's own answers, with the headers that they carry. */
function answers(operation: Operation, { versioned, idempotent }: FastifyContextConfig): Operation['responses'] {
  const headers: Record<string, OpenAPIV3_1.HeaderObject> = {
    'X-Request-Id': { description: 'Names the request in the logs.', schema: { type: 'string' } },
    ...(versioned ? { ETag: { description: 'The version of the resource.', schema: { type: 'string' } } } : {}),
    ...(idempotent === undefined
      ? {}
      : {
          'Idempotent-Replayed': {
            description: '`true` where the answer is that of an earlier request with the same key.',
            schema: { type: 'string', enum: ['true'] },
          },
        }),
  };
  return Object.fromEntries(
    Object.entries(operation.responses ?? {}).map(([status, response]) => {
      if ('$ref' in response) return [status, response];
      return [
        status,
        { ...response, description: response.description || 'Done', headers: { ...response.headers, ...headers } },
      ];
    }),
  );
}

/** A status may be both, as that of a service that is not well. */
function merged(answered: Operation['responses'], refused: Operation['responses']): Operation['responses'] {
  const both = Object.entries(refused ?? {}).map(([status, response]) => {
    const answer = answered?.[status];
    if (answer === undefined || '$ref' in answer || '$ref' in response) return [status, response];
    return [
      status,
      {
        ...response,
        headers: { ...answer.headers, ...response.headers },
        content: { ...answer.content, ...response.content },
      },
    ];
  });
  return { ...answered, ...Object.fromEntries(both) };
}

function problems(method: string, operation: Operation, config: FastifyContextConfig): Operation['responses'] {
  const parameters = (operation.parameters ?? []).flatMap((parameter) => ('in' in parameter ? [parameter.in] : []));
  const byStatus = errorsByStatus({ method, config, hasParams: parameters.includes('path') });
  const page = config.isPage === true ? { 'text/html': { schema: { type: 'string' as const } } } : {};
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' '),
        ...(status === 429 || status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' } } } } : {}),
        content: {
          ...page,
          [problemMediaType]: {
            schema: {
              allOf: [problemSchema, { type: 'object', properties: { code: { type: 'string', enum: codes } } }],
            },
          },
        },
      },
    ]),
  );
}
