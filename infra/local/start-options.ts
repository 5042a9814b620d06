/** The options of `npm start`, each checked; a wrong one is named together with what was expected. */
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly json: boolean;
  readonly help: boolean;
  readonly edgePort: number;
  readonly livekitPort: number;
  readonly sipPort: number;
  readonly rtpPorts: { readonly from: number; readonly to: number } | null;
  readonly address: string;
}

export const startUsage = `npm start -- [options]
  --json                  one JSON line on standard output when all is ready, for scripts
  --edge-port <port>      HTTP port of the edge        (a free one)
  --livekit-port <port>   port of livekit-server       (a free one)
  --sip-port <port>       UDP port for SIP             (a free one)
  --rtp-ports <from-to>   UDP ports for RTP            (20000-21999)
  --address <ip>          address of SIP and RTP; one of this machine's, for a phone on the same network (127.0.0.1)
  --help                  this text`;

/** A wrong option; the message is for the user. */
export class StartOptionError extends Error {
  override readonly name = 'StartOptionError';
}

/** @throws StartOptionError */
export function readStartOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  const port = (name: 'edge-port' | 'livekit-port' | 'sip-port'): number => {
    const text = values[name];
    if (text === undefined) return 0;
    const value = Number(text);
    if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535)
      throw new StartOptionError(`--${name} is ${JSON.stringify(text)}; expected 1 to 65535`);
    return value;
  };
  const address = values.address ?? '127.0.0.1';
  if (isIP(address) === 0)
    throw new StartOptionError(`--address is ${JSON.stringify(address)}; expected an IP address`);
  return {
    json: values.json ?? false,
    help: values.help ?? false,
    edgePort: port('edge-port'),
    livekitPort: port('livekit-port'),
    sipPort: port('sip-port'),
    rtpPorts: rtpPorts(values['rtp-ports']),
    address,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        'edge-port': { type: 'string' },
        'livekit-port': { type: 'string' },
        'sip-port': { type: 'string' },
        'rtp-ports': { type: 'string' },
        address: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new StartOptionError(error instanceof Error ? error.message : String(error));
  }
}

function rtpPorts(text: string | undefined): StartOptions['rtpPorts'] {
  if (text === undefined) return null;
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || from < 1_024 || to > 65_535 || to <= from)
    throw new StartOptionError(
      `--rtp-ports is ${JSON.stringify(text)}; expected from-to within 1024 to 65535, such as 20000-21999`,
    );
  return { from, to };
}
