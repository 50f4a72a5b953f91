import { resumeCopies } from '../../setup/copies.js';
import { steering } from '../steering.js';

export const copyResume = steering({
  words: 'copy resume',
  summary: 'let paused copies go on; without names all',
  done: 'Resumed',
  verb: resumeCopies,
});
