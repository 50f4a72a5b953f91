import { resolve } from 'node:path';
import { findBinaries, type Binaries } from '../../src/embedded/binaries.js';
import type { Peer } from './peer.js';

/** Debian's PostgreSQL that its packages of Londiste 3 are for. */
const debianFolder = '/usr/lib/postgresql/15/bin';

/**
 * The one PostgreSQL of all servers of the run, so that figures can be divided by each other: the one that was named; else
 * the one that Londiste 3 and PgQ in C need, where they take part; else the newest there is.
 */
export async function choosePostgres({
  pgBin,
  peers,
}: {
  pgBin: string | undefined;
  peers: readonly Peer[];
}): Promise<Binaries> {
  if (pgBin !== undefined) {
    const named = await inFolder(resolve(pgBin));
    if (named) return named;
    throw new Error(`--pg-bin: no postgres and initdb of version 14 or later in ${pgBin}`);
  }
  const ofDebian = peers.find(({ name }) => name === 'londiste3' || name === 'logutriga');
  const debians = ofDebian && (await inFolder(debianFolder));
  if (debians && ofDebian.missing(debians) === undefined) return debians;
  const newest = (await findBinaries(process.env)).at(-1);
  if (newest) return newest;
  throw new Error('no PostgreSQL to start: install 14 or later and name its folder with --pg-bin');
}

async function inFolder(folder: string): Promise<Binaries | undefined> {
  const found = await findBinaries({ LONDISTE_PG_BIN: folder });
  return found.find(({ origin }) => origin === folder);
}
