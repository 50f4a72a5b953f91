import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { root } from '../support/programs.js';

const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'units-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const units = [
  ['londiste-replay@', 'londiste', 'replay'],
  ['pgqadm-ticker@', 'pgqadm', 'ticker'],
] as const;

function read(unit: string): string {
  return readFileSync(`${root}config/systemd/${unit}.service`, 'utf8');
}

describe.each(units)('%s.service', (unit, program, command) => {
  test('has nothing that systemd-analyze verify finds fault with', (context) => {
    if (!isThere && process.env['CI'] !== 'true') context.skip('systemd-analyze is not installed');
    // It looks for the program, which is not installed in /usr/bin where tests run.
    const path = join(folder, `${unit}.service`);
    writeFileSync(path, read(unit).replace(`/usr/bin/${program}`, `${root}bin/${program}`));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    // An unknown key is told on stderr only, and the exit code is 0.
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('runs the daemon in the foreground, starts it again, and stops it within 5 seconds', () => {
    const settings = new Map(
      read(unit)
        .split('\n')
        .flatMap((line) =>
          (/^(\w+)=(.*)$/.exec(line) ?? []).slice(1, 3).length === 2
            ? [line.split(/=(.*)/s, 2) as [string, string]]
            : [],
        ),
    );
    expect(settings.get('ExecStart')).toBe(
      `/usr/bin/${program} /etc/londiste/%i.ini ${command} --set pidfile= --set logfile=`,
    );
    expect(Object.fromEntries(settings)).toMatchObject({
      Type: 'exec',
      Restart: 'on-failure',
      StartLimitIntervalSec: '0',
      KillSignal: 'SIGINT',
      TimeoutStopSec: '5',
    });
  });
});
