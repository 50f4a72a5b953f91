import { pauseCopies } from '../../setup/copies.js';
import { steering } from '../steering.js';

export const copyPause = steering({
  words: 'copy pause',
  summary: 'put copies off until copy resume, also across restarts; without names all',
  done: 'Paused',
  verb: pauseCopies,
});
