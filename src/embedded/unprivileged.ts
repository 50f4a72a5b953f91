import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** How to start a PostgreSQL program as somebody else than root, which it refuses to run as. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** `nobody` exists on every system, and initdb wants an entry in the password file. */
const nobody = 65534;

/**
 * Where we are no root: the program itself. As root: inside a user namespace in which we look like `nobody`, so that
 * files stay where and whose they are; where the kernel forbids that, as `nobody` with the folder `owned` given to
 * it, from a copy of the binaries if theirs cannot be reached by it.
 */
export function unprivileged(program: string, args: readonly string[], owned: string): Launch {
  if (process.getuid?.() !== 0) return { command: program, args };
  if (canUseNamespace()) {
    const map = [`--map-user=${nobody}`, `--map-group=${nobody}`];
    return { command: 'unshare', args: ['--user', ...map, '--', program, ...args] };
  }
  giveAway(owned);
  return { command: reachable(program), args, uid: nobody, gid: nobody };
}

let namespaceWorks: boolean | undefined;

function canUseNamespace(): boolean {
  namespaceWorks ??=
    spawnSync('unshare', ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--', 'true']).status ===
    0;
  return namespaceWorks;
}

function giveAway(path: string): void {
  if (!existsSync(path)) return;
  chownSync(path, nobody, nobody);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) giveAway(join(path, entry));
}

const copies = new Map<string, string>();

function reachable(program: string): string {
  if (spawnSync(program, ['--version'], { uid: nobody, gid: nobody }).status === 0) return program;
  const installation = resolve(dirname(program), '..');
  let copy = copies.get(installation);
  if (copy === undefined) {
    copy = mkdtempSync(join(tmpdir(), 'londiste-postgres-'));
    cpSync(installation, copy, { recursive: true, verbatimSymlinks: true });
    giveAway(copy);
    copies.set(installation, copy);
  }
  return join(copy, 'bin', program.slice(dirname(program).length + 1));
}
