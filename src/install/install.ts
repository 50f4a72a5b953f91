import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { readManifest, type Manifest } from './manifest.js';

export type SchemaName = 'pgq' | 'londiste' | 'pgq_coop' | 'pgq_ext';

/** What an installation did: made the schema, found it as it should be, or brought it to this version. */
export type Installation = 'installed' | 'present' | 'upgraded';

interface Installed {
  readonly schemaVersion: number;
  readonly oldestCode: number;
  readonly digest: string | null;
}

/**
 * Installs or upgrades a schema of ours, in one transaction, as whoever owns the database; installers that run at the
 * same time wait for one another. A schema that is up to date is not touched.
 *
 * @throws LondisteError `outdated` when a newer version has left this one behind.
 */
export async function installSchema(session: Session, schema: SchemaName): Promise<Installation> {
  const manifest = await manifestOf(schema);
  const before = await readInstalled(session, schema);
  if (before) refuseNewer(session, schema, manifest, before);
  return isUpToDate(before, manifest) ? 'present' : await runParts(session, schema, manifest);
}

function isUpToDate(installed: Installed | undefined, { schemaVersion, digest }: Manifest): boolean {
  return installed !== undefined && (installed.schemaVersion > schemaVersion || installed.digest === digest);
}

/**
 * Checks that a schema is there and that this version can work with it.
 *
 * @throws LondisteError `refused`, with the command that installs it.
 */
export async function requireSchema(session: Session, schema: SchemaName, command: string): Promise<void> {
  const installed = await readInstalled(session, schema);
  if (!installed) {
    throw new LondisteError('refused', `${session.where}: schema ${schema} is not installed`, {
      hint: `run: ${command}`,
    });
  }
  const manifest = await manifestOf(schema);
  refuseNewer(session, schema, manifest, installed);
  if (installed.schemaVersion >= manifest.schemaVersion) return;
  throw new LondisteError(
    'refused',
    `${session.where}: schema ${schema} is of version ${installed.schemaVersion}, this program needs ${manifest.schemaVersion}`,
    { hint: `stop the daemons of older versions, then run: ${command}` },
  );
}

/** How what is installed stands to this program; versions are those of the tables' shape. */
export type InstallationState =
  | { readonly state: 'missing' | 'foreign' }
  | {
      readonly state: 'too new' | 'too old' | 'other functions' | 'current';
      readonly installed: number;
      readonly known: number;
    };

/** Looks what is installed of a schema; needs no rights but to look. */
export async function describeInstallation(session: Session, schema: SchemaName): Promise<InstallationState> {
  const installed = await readInstalled(session, schema);
  if (!installed) {
    const { there } = await session.one<{ there: boolean }>(
      'select to_regnamespace($1) is not null as there',
      [schema],
    );
    return { state: there ? 'foreign' : 'missing' };
  }
  const manifest = await manifestOf(schema);
  const versions = { installed: installed.schemaVersion, known: manifest.schemaVersion };
  if (installed.oldestCode > manifest.schemaVersion) return { state: 'too new', ...versions };
  if (installed.schemaVersion < manifest.schemaVersion) return { state: 'too old', ...versions };
  const isCurrent = installed.schemaVersion > manifest.schemaVersion || installed.digest === manifest.digest;
  return { state: isCurrent ? 'current' : 'other functions', ...versions };
}

const manifests = new Map<SchemaName, Promise<Manifest>>();

/** Of the files as they were first read: what lies there later belongs to another version of this program. */
function manifestOf(schema: SchemaName): Promise<Manifest> {
  let manifest = manifests.get(schema);
  if (manifest === undefined) {
    // The same depth from src/install and from dist/install.
    manifest = readManifest(new URL(`../../sql/${schema}/install.sql`, import.meta.url));
    manifests.set(schema, manifest);
    manifest.catch(() => manifests.delete(schema));
  }
  return manifest;
}

function refuseNewer(session: Session, schema: SchemaName, manifest: Manifest, installed: Installed): void {
  if (installed.oldestCode <= manifest.schemaVersion) return;
  throw new LondisteError(
    'outdated',
    `${session.where}: schema ${schema} was upgraded to ${installed.schemaVersion}, which this version of the ` +
      `program (it knows ${manifest.schemaVersion}) cannot work with`,
  );
}

async function readInstalled(session: Session, schema: SchemaName): Promise<Installed | undefined> {
  const { there } = await session.one<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
    `${schema}.installation`,
  ]);
  if (!there) return undefined;
  const [row] = await session.query<{
    schema_version: number;
    oldest_code: number;
    code_digest: string | null;
  }>(`select schema_version, oldest_code, code_digest from ${schema}.installation`);
  return row && { schemaVersion: row.schema_version, oldestCode: row.oldest_code, digest: row.code_digest };
}

/**
 * Runs the parts one by one, so that a failure names its file; the manifest itself begins and commits. The guard waits for
 * other installers: what is there after it is what they have left, and may need nothing more.
 */
async function runParts(session: Session, schema: SchemaName, manifest: Manifest): Promise<Installation> {
  let before: Installed | undefined;
  for (const part of manifest.parts) {
    const { file, sql } = part;
    try {
      if (part === manifest.parts.at(-1))
        await session.query(`update ${schema}.installation set code_digest = $1`, [manifest.digest]);
      await session.execute(sql);
      if (file !== `${schema}/guard.sql`) continue;
      before = await readInstalled(session, schema);
      if (!isUpToDate(before, manifest)) continue;
      await session.execute('rollback');
      return 'present';
    } catch (cause) {
      if (!session.closed) await session.execute('rollback').catch(() => undefined);
      if (!(cause instanceof LondisteError)) throw cause;
      const { kind, message, hint, sqlstate } = cause;
      throw new LondisteError(kind, `${message} (installing ${file})`, { cause, hint, sqlstate });
    }
  }
  return before ? 'upgraded' : 'installed';
}
