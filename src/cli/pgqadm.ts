import { loadConfig, type PgqadmSettings } from '../config/load.js';
import { config } from './commands/pgq-config.js';
import { create } from './commands/pgq-create.js';
import { drop } from './commands/pgq-drop.js';
import { install } from './commands/pgq-install.js';
import { register } from './commands/pgq-register.js';
import { status } from './commands/pgq-status.js';
import { ticker } from './commands/pgq-ticker.js';
import { unregister } from './commands/pgq-unregister.js';
import { runProgram, type Program } from './program.js';

const pgqadm: Program<PgqadmSettings> = {
  name: 'pgqadm',
  summary: 'Ticks, maintains and shows the queues of one database.',
  withoutConfig: [],
  commands: [ticker, install, status, create, drop, register, unregister, config],
  load: (path, overrides) => loadConfig({ program: 'pgqadm', path, overrides, environment: process.env }),
};

export async function main(): Promise<void> {
  process.exitCode = await runProgram(pgqadm, process.argv.slice(2));
}
