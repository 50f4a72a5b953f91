import { defineConfig } from 'rolldown';

// What a program loads is a few files, not 140, and a command starts in two thirds of the time. What is installed beside it
// stays there. The folder is as deep as that of the modules, which find other files from where they are.
export default defineConfig({
  input: ['dist/cli/londiste.js', 'dist/cli/pgqadm.js'],
  platform: 'node',
  external: ['commander', 'pg', 'pg-copy-streams', 'pino'],
  logLevel: 'warn',
  output: { dir: 'dist/programs', chunkFileNames: '[name].js' },
});
