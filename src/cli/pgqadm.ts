import { loadConfig } from '../config/load.js';
import { signalDaemon } from '../daemon/pidfile.js';
import type { PgqadmContext } from './context.js';
import { config } from './commands/pgq-config.js';
import { create } from './commands/pgq-create.js';
import { drop } from './commands/pgq-drop.js';
import { install } from './commands/pgq-install.js';
import { register } from './commands/pgq-register.js';
import { status } from './commands/pgq-status.js';
import { ticker } from './commands/pgq-ticker.js';
import { unregister } from './commands/pgq-unregister.js';
import { runProgram, sayLine, warn, type Program } from './program.js';

const pgqadm: Program<PgqadmContext> = {
  name: 'pgqadm',
  summary: 'Ticks, maintains and shows the queues of one database.',
  withoutConfig: [],
  commands: [ticker, install, status, create, drop, register, unregister, config],
  open: (path, switches) => {
    const settings = loadConfig({
      program: 'pgqadm',
      path,
      overrides: switches.set,
      environment: process.env,
    });
    warn(settings.warnings, switches);
    return { settings, switches, say: sayLine };
  },
  signal: async (path, signal, switches) => {
    const settings = loadConfig({
      program: 'pgqadm',
      path,
      overrides: switches.set,
      environment: process.env,
    });
    await signalDaemon({ pidfile: settings.pidfile, signal });
  },
};

export async function main(): Promise<void> {
  process.exitCode = await runProgram(pgqadm, process.argv.slice(2));
}
