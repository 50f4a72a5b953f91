import { existsSync, readFileSync, statSync } from 'node:fs';
import { LondisteError } from '../kernel/errors.js';
import type { Section } from './option.js';
import type { Program } from './options.js';

export interface ConfigFile {
  /** As it was written, for messages. */
  readonly path: string;
  readonly text: string;
  /** Others than its owner may read it. */
  readonly readableByOthers: boolean;
}

/**
 * Reads the configuration file: the one that is named, else the one that LONDISTE_CONFIG (PGQADM_CONFIG) names, else
 * ./londiste.ini, else /etc/londiste/londiste.ini.
 */
export function readConfigFile(
  program: Program,
  named: string | undefined,
  environment: NodeJS.ProcessEnv,
): ConfigFile {
  const path = named ?? locate(program, environment);
  try {
    const { mode } = statSync(path);
    return { path, text: readFileSync(path, 'utf8'), readableByOthers: (mode & 0o044) !== 0 };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const fault = reasons[code] ?? `configuration file cannot be read (${code})`;
    throw new LondisteError('config', `${fault}: ${path}`, { cause, hint: hintFor(program, code) });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'configuration file not found',
  ENOTDIR: 'configuration file not found',
  EACCES: 'configuration file may not be read by this user',
  EISDIR: 'configuration file is a directory',
};

function hintFor(program: Program, code: string): string | undefined {
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined;
  return `write one, beginning with [${program}] (config/${sampleName[program]} of the package is an example), and name it first: ${program} FILE COMMAND`;
}

/** The example file of each section in the folder `config` of the package. */
export const sampleName: Readonly<Record<Section, string>> = {
  londiste: 'replica.ini',
  pgqadm: 'ticker.ini',
  pgqd: 'pgqd.ini',
};

function locate(program: Program, environment: NodeJS.ProcessEnv): string {
  const variable = `${program.toUpperCase()}_CONFIG`;
  const fromEnvironment = environment[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  const candidates = [`./${program}.ini`, `/etc/londiste/${program}.ini`];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new LondisteError(
    'config',
    `no configuration file: looked for $${variable}, ${candidates.join(' and ')}`,
    { hint: hintFor(program, 'ENOENT') },
  );
}
