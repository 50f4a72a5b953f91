import type { Session } from '../db/session.js';
import { describeInstallation } from '../install/install.js';
import { queueFindings } from './doctor-queues.js';
import { missingRoles, rightsFindings, rightsOf, works, type Work } from './doctor-rights.js';
import { serverFindings, transactionFindings } from './doctor-server.js';
import { fault, note, type Finding } from './finding.js';

export interface Question {
  /** The role whose rights are looked at; else the one that is connected. */
  readonly role?: string | undefined;
  /** What that role is for. */
  readonly work: Work;
  /** Seconds from which on a transaction, a silent consumer, a late rotation or retry counts as a fault. */
  readonly longerThan: number;
}

export interface Examination {
  readonly database: string;
  readonly role: string;
  /** What the role may do; empty before PgQ is installed. */
  readonly may: Partial<Record<Work, boolean>>;
  /** For each work that the role may not do, the statements that let it. */
  readonly grants: Partial<Record<Work, readonly string[]>>;
  readonly findings: readonly Finding[];
  /** Whether there is no fault among them. */
  readonly healthy: boolean;
}

/** Looks at rights, versions, settings and queues of a database, and changes nothing. */
export async function examine(session: Session, { role, work, longerThan }: Question): Promise<Examination> {
  const { database, me } = await session.one<{ database: string; me: string }>(
    'select current_database() as database, current_user as me',
  );
  const findings = await versionFindings(session);
  const isUsable = findings.every(({ level }) => level !== 'fault');
  const rights = isUsable ? await rightsOf(session, role) : undefined;
  if (rights) {
    findings.push(
      ...rightsFindings(rights, work),
      ...(await missingRoles(session)),
      ...(await queueFindings(session, longerThan)),
    );
  }
  findings.push(...(await serverFindings(session)), ...(await transactionFindings(session, longerThan)));
  const grants = Object.fromEntries(
    works.filter((one) => rights?.may[one] === false).map((one) => [one, rights?.grants[one] ?? []]),
  );
  return {
    database,
    role: rights?.role ?? role ?? me,
    may: rights?.may ?? {},
    grants,
    findings,
    healthy: findings.every(({ level }) => level !== 'fault'),
  };
}

async function versionFindings(session: Session): Promise<Finding[]> {
  const found = await describeInstallation(session, 'pgq');
  const about = 'schema pgq';
  switch (found.state) {
    case 'missing': {
      const { may, database, me } = await session.one<{ may: boolean; database: string; me: string }>(
        `select has_database_privilege(current_database(), 'create') as may,
           quote_ident(current_database()) as database, quote_ident(current_user) as me`,
      );
      const grant = may ? '' : `grant create on database ${database} to ${me};\n`;
      return [fault(about, 'it is not installed', `${grant}pgqadm CONFIG install`)];
    }
    case 'foreign':
      return [
        fault(
          about,
          'it was made by another program',
          'use another database, or drop it when nothing needs its queues',
        ),
      ];
    case 'too new': {
      const what = `it is of version ${found.installed}, which this program (it knows ${found.known}) cannot work with`;
      return [fault(about, what, 'use the newer version of the program here too')];
    }
    case 'too old': {
      const what = `it is of version ${found.installed}, this program needs ${found.known}`;
      return [fault(about, what, 'stop the daemons of older versions, then: pgqadm CONFIG upgrade')];
    }
    case 'other functions':
      return [note(about, 'its functions are those of another release', 'pgqadm CONFIG upgrade')];
    case 'current':
      return [];
  }
}
