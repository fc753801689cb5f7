import { platformIds } from '@vibetribe/contracts/platform-id';

const [platform] = platformIds;

/** An example of each request body, by the name of its schema. A test sends what these say through the schemas. */
export const examples: Readonly<Record<string, unknown>> = {
  Register: {
    email: 'ada@example.org',
    password: 'correct horse battery staple',
    name: 'Ada',
    organizationName: 'Analytical Engines',
  },
  Login: { email: 'ada@example.org', password: 'correct horse battery staple' },
  Refresh: { refreshToken: 'rt_example' },
  ChangePassword: { currentPassword: 'correct horse battery staple', newPassword: 'staple battery horse correct' },
  ForgotPassword: { email: 'ada@example.org' },
  ResetPassword: { token: 'token_example', newPassword: 'staple battery horse correct' },
  ChangeEmail: { newEmail: 'ada@example.com', password: 'correct horse battery staple' },
  ConfirmEmail: { token: 'token_example' },
  TotpCode: { code: '123456' },
  AddMember: { email: 'grace@example.org', name: 'Grace', password: 'correct horse battery staple', role: 'editor' },
  ChangeRole: { role: 'admin' },
  Invite: { email: 'grace@example.org', role: 'editor' },
  AcceptInvitation: { token: 'token_example', name: 'Grace', password: 'correct horse battery staple' },
  SwitchOrganization: { organizationId: 'organization_example' },
  CreateApiKey: { name: 'Deploy script', scopes: ['read', 'write'], expiresAt: '2031-01-01T00:00:00Z' },
  StartConnect: { platform, handle: 'ada.example.org', redirectTo: 'https://app.example.org/connected' },
  CompleteConnect: { connectCode: 'code_example' },
  SelectAccounts: { externalIds: ['page_example'] },
  ConnectManually: { platform, credentials: { accessToken: 'token_example' } },
  CreatePost: {
    content: 'The engine weaves algebraic patterns.',
    accountIds: ['account_example'],
    scheduledAt: '2031-01-01T09:00:00+01:00',
    timezone: 'Europe/Berlin',
    media: [{ id: 'media_example', alt: 'The engine, seen from its crank' }],
    misfire: { policy: 'late', maxLateSeconds: 3600 },
  },
  UpdatePost: { content: 'The engine weaves patterns.', scheduledAt: '2031-01-01T10:00:00+01:00' },
  EditPublication: { content: 'Tea at five, not at four' },
  ResolvePublication: { outcome: 'published', url: 'https://social.example.org/@ada/1' },
  CreatePause: { scope: 'organization', reason: 'The launch is postponed.' },
  PutNotificationPreferences: {
    events: { publication_failed: { email: 'now', webhook: 'off' }, publication_skipped: { email: 'daily' } },
    quietHours: { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' },
    webhookUrl: 'https://hooks.example.org/services/team',
  },
  CreateWebhook: {
    url: 'https://hooks.example.org/vibetribe',
    events: ['publication.published', 'publication.failed'],
  },
  UpdateWebhook: { events: ['publication.*', 'account.needs_reauth'], enabled: true },
  RescheduleJob: { delayMs: 60_000 },
  CleanQueue: { state: 'completed', graceMs: 3_600_000, limit: 100 },
  UploadFromUrl: { url: 'https://files.example.org/engine.jpg', alt: 'The engine, seen from its crank' },
  UpdateMedia: { alt: 'The engine, seen from its crank' },
  OptimizeUrl: { publicId: 'organization/user/2031-01-01/picture', width: 800 },
};
