/**
 * The functions of PgQ's API, each with what it returns, each of its errors, and who may call it. The state before each
 * call is that of `prepare` in functions.test.ts: queue `q` (id 1) with consumer `c`, whose batch 1 (ticks 1 to 2) is
 * open and has the events 1 (`one`) and 2 (`two`), and queue `empty` (id 2).
 */
import type { ApiFunction } from './functions/api-function.js';
import { administering } from './functions/administering.js';
import { consuming } from './functions/consuming.js';
import { monitoring } from './functions/monitoring.js';
import { producing } from './functions/producing.js';
import { ticking } from './functions/ticking.js';

export type { ApiFunction, Caller } from './functions/api-function.js';

export const api: readonly ApiFunction[] = [
  ...monitoring,
  ...producing,
  ...consuming,
  ...administering,
  ...ticking,
];
