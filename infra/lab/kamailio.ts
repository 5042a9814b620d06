/**
 * Runs kamailio, the proxy that stands in front of many carriers (Debian package kamailio): every request of a call passes through it, because it
 * records its route. It can lose messages, as networks do.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, freeUdpPort } from '../local/free-port.ts';
import { LocalProcess } from '../local/local-process.ts';

export interface KamailioOptions {
  /** `127.0.0.1:5060`: where calls go. */
  readonly target: string;
  /** Address of its own, so that proxy and node are told apart; 127.0.0.3 when absent. */
  readonly address?: string;
  /** Drops every n-th message in both directions; 0 or absent: none. */
  readonly dropEvery?: number;
  /** Records a route without `lr`, as routers of RFC 2543 do: then requests of the dialog name the router itself. */
  readonly isStrict?: boolean;
  /** A second place that every new call goes to at the same time, `127.0.0.5:5060`. */
  readonly forkTo?: string;
  /** Takes calls over TLS too, with this certificate (PEM files). */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
}

export interface Kamailio {
  /** `127.0.0.3:port`: where callers call. */
  readonly sip: string;
  /** The same over TLS; null without a certificate. */
  readonly sips: string | null;
  /** Messages lost so far. */
  readonly dropped: number;
  stop(): Promise<void>;
}

const readyMs = 10_000;

/** @throws Error with what kamailio says when it does not start, or is not installed. */
export async function startKamailio(options: KamailioOptions): Promise<Kamailio> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-kamailio-'));
  const address = options.address ?? '127.0.0.3';
  const port = await freeUdpPort(address);
  const tlsPort = options.tls === undefined ? null : await freeTcpPort(address);
  const file = join(folder, 'kamailio.cfg');
  await writeFile(file, config({ ...options, address, port, tlsPort }));
  let isListening = false;
  let dropped = 0;
  const process = await LocalProcess.start({
    name: 'kamailio (Debian package kamailio)',
    command: '/usr/sbin/kamailio',
    args: ['-DD', '-E', '-f', file, '-Y', folder, '-w', folder, '-m', '64', '-M', '4'],
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    onLine: (line) => {
      isListening ||= line.includes('callgate-lab: ready');
      if (line.includes('callgate-lab: dropped')) dropped += 1;
    },
  });
  const stop = async () => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await process.waitUntil(async () => isListening, readyMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    sip: `${address}:${port}`,
    sips: tlsPort === null ? null : `${address}:${tlsPort}`,
    get dropped() {
      return dropped;
    },
    stop,
  };
}

interface ConfigOptions extends KamailioOptions {
  readonly address: string;
  readonly port: number;
  readonly tlsPort: number | null;
}

function config(options: ConfigOptions): string {
  const { address, port, tlsPort, tls, target, dropEvery = 0, forkTo } = options;
  const recordRoute =
    options.isStrict === true
      ? `append_hf("Record-Route: <sip:${address}:${port}>\\r\\n");`
      : 'record_route();';
  const fork = forkTo === undefined ? '' : `  append_branch("sip:$rU@${forkTo}");\n`;
  const secure =
    tls === undefined
      ? ''
      : `enable_tls=yes
listen=tls:${address}:${tlsPort}
loadmodule "tls.so"
loadmodule "nathelper.so"
modparam("tls", "certificate", "${tls.certificateFile}")
modparam("tls", "private_key", "${tls.keyFile}")
modparam("tls", "tls_method", "TLSv1.2+")
`;
  // A phone behind TLS cannot be called, only answered: what is for it goes back on the connection that it made (RFC 5626 in the way of Kamailio).
  const alias = tls === undefined ? '' : '  if ($proto == "tls") add_contact_alias();\n';
  const unalias = tls === undefined ? '' : 'handle_ruri_alias(); ';
  const drop =
    dropEvery === 0
      ? ''
      : `  $shv(count) = $shv(count) + 1;\n  if ($shv(count) mod ${dropEvery} == 0) { xlog("L_ERR", "callgate-lab: dropped\\n"); drop; }\n`;
  return `
children=1
debug=1
log_stderror=yes
auto_aliases=no
listen=udp:${address}:${port}
${secure}loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "sanity.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "xlog.so"
loadmodule "corex.so"
modparam("rr", "enable_full_lr", 1)
modparam("pv", "shvset", "count=i:0")
event_route[tm:local-request] { return; }
request_route {
${drop}  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) { exit; }
  if (has_totag()) {
    if (loose_route()) { ${unalias}t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
    sl_send_reply("404", "Not here"); exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  ${recordRoute}
${alias}  append_hf("X-Carrier: lab\\r\\n");
${fork}  $du = "sip:${target}";
  t_relay();
}
onreply_route {
${drop}  return;
}
event_route[core:worker-one-init] { xlog("L_ERR", "callgate-lab: ready\\n"); }
`;
}
