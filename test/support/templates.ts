/** Databases with our schemas, which others are made from: to install the functions anew for each pair of a test takes longer than most tests. */
import { Session } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { installSchema, type SchemaName } from '../../src/install/install.js';

/** What is installed in each, in this order; a subscriber has no queue. */
const templates = {
  queue: ['pgq'],
  provider: ['pgq', 'londiste'],
  subscriber: ['londiste'],
} as const satisfies Record<string, readonly SchemaName[]>;

/** What a new database may hold from its first moment on, as if its owner had installed it. */
export type Installed = keyof typeof templates;

export const templateOf = (installed: Installed): string => `installed_${installed}`;

export const hasNode = (installed: Installed): boolean => installed !== 'queue';

/** Makes all of them on a server, owned by that role. */
export async function createTemplates(port: number, owner: string): Promise<void> {
  const open = (user: string, database: string): Promise<Session> =>
    Session.open({ host: '127.0.0.1', port, user, database }, { side: 'server', applicationName: 'test' });
  await using admin = await open(superuser, 'postgres');
  for (const name of Object.keys(templates) as Installed[]) {
    await admin.execute(`create database ${templateOf(name)} owner ${owner}`);
    await using session = await open(owner, templateOf(name));
    for (const schema of templates[name]) await installSchema(session, schema);
  }
}
