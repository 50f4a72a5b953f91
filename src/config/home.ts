import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LondisteError } from '../kernel/errors.js';

/** The user's home directory: HOME where it is set, else as the system knows it. */
export function homeOf(environment: NodeJS.ProcessEnv): string {
  return environment['HOME'] ?? homedir();
}

/** A path in which a leading `~/` means the home directory. */
export function expandHome(path: string, environment: NodeJS.ProcessEnv): string {
  return path.startsWith('~/') ? join(homeOf(environment), path.slice(2)) : path;
}

/** The name of the user that runs this process: by its id, so that it is there without USER, as under systemd. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new LondisteError(
      'config',
      'no user is given, and the system knows no name for the one that runs this',
      {
        cause,
        hint: 'write user=NAME in the connection string, or set PGUSER',
      },
    );
  }
}
