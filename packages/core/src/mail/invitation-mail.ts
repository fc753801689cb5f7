import { type MailContent, mailOf } from './mail-content.ts';

export function invitationMail({
  organizationName,
  acceptUrl,
}: {
  readonly organizationName: string;
  readonly acceptUrl: string;
}): MailContent {
  return mailOf({
    subject: `You are invited to ${organizationName} on VibeTribe`,
    paragraphs: [
      `You are invited to plan and publish posts with ${organizationName}.`,
      'The link works once and for 7 days. If you do not know this organization, do nothing.',
    ],
    link: { label: 'Accept the invitation', url: acceptUrl },
  });
}
