import { loadConfig, type LondisteSettings } from '../config/load.js';
import { copyCancel } from './commands/copy-cancel.js';
import { copyPause } from './commands/copy-pause.js';
import { copyResume } from './commands/copy-resume.js';
import { copyStatus } from './commands/copy-status.js';
import { copyWatch } from './commands/copy-watch.js';
import { compare } from './commands/compare.js';
import { demo } from './commands/demo.js';
import { providerAdd } from './commands/provider-add.js';
import { providerAddSeq } from './commands/provider-add-seq.js';
import { providerCheck } from './commands/provider-check.js';
import { providerInstall } from './commands/provider-install.js';
import { providerRemove } from './commands/provider-remove.js';
import { providerRemoveSeq } from './commands/provider-remove-seq.js';
import { providerSeqs } from './commands/provider-seqs.js';
import { providerTables } from './commands/provider-tables.js';
import { repair } from './commands/repair.js';
import { replay } from './commands/replay.js';
import { subscriberAdd } from './commands/subscriber-add.js';
import { subscriberAddSeq } from './commands/subscriber-add-seq.js';
import { subscriberCheck } from './commands/subscriber-check.js';
import { subscriberInstall } from './commands/subscriber-install.js';
import { subscriberMissing } from './commands/subscriber-missing.js';
import { subscriberRegister } from './commands/subscriber-register.js';
import { subscriberRemove } from './commands/subscriber-remove.js';
import { subscriberRemoveSeq } from './commands/subscriber-remove-seq.js';
import { subscriberResync } from './commands/subscriber-resync.js';
import { subscriberRetry } from './commands/subscriber-retry.js';
import { subscriberSeqs } from './commands/subscriber-seqs.js';
import { subscriberTables } from './commands/subscriber-tables.js';
import { subscriberUnregister } from './commands/subscriber-unregister.js';
import { runProgram, type Program } from './program.js';

const londiste: Program<LondisteSettings> = {
  name: 'londiste',
  summary: 'Replicates tables from one PostgreSQL to another.',
  withoutConfig: [demo],
  commands: [
    providerInstall,
    providerAdd,
    providerRemove,
    providerAddSeq,
    providerRemoveSeq,
    providerTables,
    providerSeqs,
    providerCheck,
    subscriberInstall,
    subscriberAdd,
    subscriberRemove,
    subscriberAddSeq,
    subscriberRemoveSeq,
    subscriberTables,
    subscriberSeqs,
    subscriberMissing,
    subscriberCheck,
    subscriberRegister,
    subscriberUnregister,
    subscriberResync,
    subscriberRetry,
    copyStatus,
    copyWatch,
    copyPause,
    copyResume,
    copyCancel,
    replay,
    compare,
    repair,
  ],
  load: (path, overrides) => loadConfig({ program: 'londiste', path, overrides, environment: process.env }),
};

export async function main(): Promise<void> {
  process.exitCode = await runProgram(londiste, process.argv.slice(2));
}
