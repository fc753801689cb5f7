import type { Logger } from '@vibetribe/observability/logger';
import type { PublicationWork } from './claim/publication-work.ts';
import type { OutcomeRecord } from './record/outcome-record.ts';
import type { Transition } from './state/transition.ts';

/** One line for each run of a publication: what came of it and how long its stages took. No text of the post, nothing of its account but ids. */
export function logRun(
  logger: Pick<Logger, 'info'>,
  {
    work,
    report,
    transition,
    durationsMs,
  }: {
    readonly work: PublicationWork;
    readonly report: OutcomeRecord['report'];
    readonly transition: Transition;
    readonly durationsMs: Readonly<Record<string, number>>;
  },
): void {
  const { publicationId, postId, accountId, organizationId, platform, purpose } = work;
  const outcome = report.kind === 'outcome' ? report.outcome.kind : report.finding.kind;
  const isKept = transition.kind === 'moved';
  logger.info(
    {
      platform,
      publicationId,
      postId,
      accountId,
      organizationId,
      outcome,
      status: isKept ? transition.state.status : 'superseded',
      attempts: isKept ? transition.state.attempts : work.state.attempts,
      waitingFor: isKept ? transition.state.waiting?.reason : undefined,
      errorCode: isKept ? transition.state.error?.code : undefined,
      durationsMs,
    },
    purpose === 'send' ? 'a publishing run ended' : 'a platform was asked what became of a send',
  );
}
