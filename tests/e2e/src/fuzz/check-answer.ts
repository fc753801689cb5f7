import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Document, Operation } from './operations.ts';
import type { PrincipalName } from './planned-request.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Says what is wrong with an answer: each sentence names a kind of fault, without what differs from run to run. */
export type AnswerCheck = (
  asked: { operation: Operation; principal: PrincipalName; text: string },
  answer: FuzzAnswer,
) => string[];

/**
 * @param foreign what another organization's answers show and nobody else may be shown
 * @param named what of it the requests themselves bring in
 */
export function createAnswerCheck(
  document: Document,
  { foreign, named }: { readonly foreign: readonly string[]; readonly named: string },
): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema({ $id: 'document', ...document });
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = ({ path, method }: Operation, status: number, type: string): ValidateFunction => {
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document#/${pointer}` });
    compiled.set(pointer, validate);
    return validate;
  };

  const bodyFaults = (operation: Operation, { status, headers, text }: FuzzAnswer): string[] => {
    const content = operation.answers[status]?.content;
    if (content === undefined) return text === '' ? [] : ['a body where none is documented'];
    const type = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    if (content[type] === undefined && content['*/*'] === undefined) return [`the content type "${type}"`];
    if (!type.endsWith('json')) return [];
    const validate = validatorOf(operation, status, type);
    if (validate(parsed(text))) return [];
    return [`a body unlike its schema: ${ajv.errorsText(validate.errors)}`];
  };

  return ({ operation, principal, text: asked }, answer) => {
    const { status, headers, text } = answer;
    const shown = text.replaceAll(named, '');
    return [
      ...(status >= 500 ? ['it is a 5xx'] : []),
      ...(operation.answers[status] === undefined ? ['the status is not documented'] : bodyFaults(operation, answer)),
      ...(headers.get('x-request-id') === null ? ['no X-Request-Id'] : []),
      ...(principal === 'nobody' && !operation.isPublic && status < 400 ? ['nobody was let in'] : []),
      // An operator of the service looks after all organizations.
      ...(principal === 'operator'
        ? []
        : foreign
            .filter((secret) => shown.includes(secret) && !asked.includes(secret))
            .slice(0, 1)
            .map(() => 'it shows what is foreign')),
    ];
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
