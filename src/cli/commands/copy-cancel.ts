import { cancelCopies } from '../../setup/copies.js';
import { steering } from '../steering.js';

export const copyCancel = steering({
  words: 'copy cancel',
  summary: 'give copies up at once and park their tables; without names all',
  done: 'Cancelled',
  verb: cancelCopies,
});
