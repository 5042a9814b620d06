/**
 * The Debian packages whose programs the tests drive as strangers would: nobody here wrote them, so they keep us honest.
 * Installed with apt-get where that is allowed; otherwise they are named and the tests do not start.
 */
import { spawn, spawnSync } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** What the tests need. Its presence is seen by `program` on PATH and, where that tells too little, by `proof` ending with status 0. */
export const debianPackages = [
  { name: 'baresip-core', program: 'baresip', use: 'baresip, a phone of the end-to-end tests' },
  { name: 'kamailio', program: 'kamailio', use: 'kamailio, the carrier of the end-to-end tests' },
  {
    name: 'kamailio-tls-modules',
    program: 'sh',
    // A module, not a program.
    proof: ['-c', 'ls /usr/lib/*/kamailio/modules/tls.so'],
    use: "kamailio's TLS",
  },
  {
    name: 'linphone-cli',
    program: 'linphonec',
    use: 'linphone, a phone of the end-to-end tests that knows SHA-256',
  },
  {
    name: 'openssl',
    program: 'openssl',
    use: 'openssl, which makes the certificates of the tests',
  },
  {
    name: 'python3-venv',
    program: 'python3',
    // Debian ships python3 without what makes a virtual environment.
    proof: ['-c', 'import ensurepip, venv'],
    use: "Python's virtual environments, for LiveKit's Python client",
  },
  {
    name: 'redis-server',
    program: 'redis-server',
    use: 'Redis for the livekit-server that the SIP API is compared with',
  },
  { name: 'sip-tester', program: 'sipp', use: 'sipp, the SIP caller of the end-to-end tests' },
  {
    name: 'systemd',
    program: 'systemd-analyze',
    use: 'systemd-analyze, which judges the unit of the node',
  },
  { name: 'sipvicious', program: 'svmap', use: 'sipvicious, the scanner of the end-to-end tests' },
];

/** Installs what is missing. @throws Error that names what is missing and the command that installs it. */
export async function seeToDebianPackages(say) {
  const missing = [];
  for (const one of debianPackages) if (!(await isThere(one))) missing.push(one);
  if (missing.length === 0) return;
  const names = missing.map((one) => one.name);
  const mayInstall = process.getuid?.() === 0 && (await isOnPath('apt-get'));
  if (mayInstall) {
    say(`installing Debian packages with apt-get: ${names.join(' ')}`);
    const install = ['install', '-y', '--no-install-recommends', ...names];
    // A fresh machine has no package lists; one that has them is spared the wait.
    if (!(await aptGet(install)) && !((await aptGet(['update'])) && (await aptGet(install))))
      throw new Error(`apt-get could not install ${names.join(' ')}; its output is above`);
    return;
  }
  const list = missing.map((one) => `  ${one.name}: ${one.use}`).join('\n');
  throw new Error(
    `the tests need Debian packages that are not installed:\n${list}\ninstall them with: sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
  );
}

async function isThere({ program, proof }) {
  if (!(await isOnPath(program))) return false;
  return proof === undefined || spawnSync(program, proof, { stdio: 'ignore' }).status === 0;
}

async function isOnPath(program) {
  // Servers live in sbin, which a user's PATH may leave out.
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return false;
}

/** True when apt-get succeeded. */
function aptGet(args) {
  const child = spawn('apt-get', ['-qq', ...args], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return new Promise((settle) => {
    child.once('error', () => settle(false));
    child.once('exit', (status) => settle(status === 0));
  });
}
