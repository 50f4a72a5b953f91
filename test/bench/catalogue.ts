import type { Peer } from './peer.js';
import { byRow, byStatement, logutriga, pgq } from './peers/capture.js';
import { londiste } from './peers/londiste.js';
import { londiste3 } from './peers/londiste3.js';
import { native } from './peers/native.js';
import { none } from './peers/none.js';
import type { Scenario } from './scenario.js';
import { backlog } from './scenarios/backlog.js';
import { bulk } from './scenarios/bulk.js';
import { capture } from './scenarios/capture.js';
import { copy } from './scenarios/copy.js';
import { copyIndexes } from './scenarios/copy-indexes.js';
import { compare } from './scenarios/compare.js';
import { hot } from './scenarios/hot.js';
import { huge } from './scenarios/huge.js';
import { idle } from './scenarios/idle.js';
import { latency } from './scenarios/latency.js';
import { pgqRead } from './scenarios/pgq-read.js';
import { pgqTriggers } from './scenarios/pgq-triggers.js';
import { tpcb } from './scenarios/tpcb.js';
import { wide } from './scenarios/wide.js';

export const scenarios: readonly Scenario[] = [
  backlog,
  bulk,
  copy,
  copyIndexes,
  capture,
  pgqTriggers,
  pgqRead,
  latency,
  tpcb,
  wide,
  hot,
  huge,
  idle,
  compare,
];

/** In the order of the columns of the table that comes out. */
export const peers: readonly Peer[] = [none, native, londiste3, londiste, byStatement, byRow, pgq, logutriga];
