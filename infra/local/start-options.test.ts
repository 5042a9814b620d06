import { describe, expect, it } from 'vitest';
import { readStartOptions } from './start-options.ts';

describe('options of npm start', () => {
  it('are free ports on loopback when nothing is said', () => {
    expect(readStartOptions([])).toEqual({
      json: false,
      help: false,
      edgePort: 0,
      livekitPort: 0,
      sipPort: 0,
      rtpPorts: null,
      address: '127.0.0.1',
    });
  });

  it('take fixed ports', () => {
    expect(
      readStartOptions(['--json', '--sip-port', '5060', '--rtp-ports=30000-30099']),
    ).toMatchObject({ json: true, sipPort: 5060, rtpPorts: { from: 30_000, to: 30_099 } });
  });

  it.each([
    [['--sip-port', '70000'], /--sip-port is "70000"; expected 1 to 65535/],
    [['--edge-port', 'x'], /--edge-port is "x"/],
    [['--rtp-ports', '2000'], /--rtp-ports is "2000"; expected from-to/],
    [['--rtp-ports', '3000-2000'], /--rtp-ports/],
    [['--address', 'example.com'], /--address is "example.com"; expected an IP address/],
    [['--sip'], /--sip/],
    [['now'], /now/],
    [['--sip-port'], /--sip-port/],
  ])('name what is wrong: %j', (args, message) => {
    expect(() => readStartOptions(args)).toThrow(message);
  });
});
