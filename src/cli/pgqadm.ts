import { loadConfig, type PgqadmSettings } from '../config/load.js';
import { config } from './commands/pgq-config.js';
import { create } from './commands/pgq-create.js';
import { deadList, deadPurgeCommand, deadRetryCommand } from './commands/pgq-dead.js';
import { doctor } from './commands/pgq-doctor.js';
import { drop } from './commands/pgq-drop.js';
import { events } from './commands/pgq-events.js';
import { install, upgrade } from './commands/pgq-install.js';
import { retryDropCommand, retryList, retryNowCommand } from './commands/pgq-retry.js';
import { register } from './commands/pgq-register.js';
import { status } from './commands/pgq-status.js';
import { ticker } from './commands/pgq-ticker.js';
import { uninstall } from './commands/pgq-uninstall.js';
import { unregister } from './commands/pgq-unregister.js';
import { runProgram, type Program } from './program.js';

const pgqadm: Program<PgqadmSettings> = {
  name: 'pgqadm',
  summary: 'Ticks, maintains and shows the queues of a database; ticks those of all databases of a server.',
  withoutConfig: [],
  commands: [
    ticker,
    install,
    upgrade,
    uninstall,
    doctor,
    status,
    create,
    drop,
    config,
    register,
    unregister,
    events,
    retryList,
    retryNowCommand,
    retryDropCommand,
    deadList,
    deadRetryCommand,
    deadPurgeCommand,
  ],
  load: (path, overrides) => loadConfig({ program: 'pgqadm', path, overrides, environment: process.env }),
};

export async function main(): Promise<void> {
  process.exitCode = await runProgram(pgqadm, process.argv.slice(2));
}
