import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const least = {
  CALLGATE_EDGE_URL: 'https://edge.example.com',
  CALLGATE_NODE_TOKEN: 'a-token-of-some-length',
};

function faultOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('configuration', () => {
  it('needs the edge and a token, and has defaults for the rest', () => {
    expect(readConfig(least)).toMatchObject({
      name: 'node',
      sipListen: { address: '0.0.0.0', port: 5060 },
      rtpPorts: { from: 10_000, to: 20_000 },
      logLevel: 'info',
      healthListen: null,
    });
  });

  it('has a media process for each core as calls need them, or as many as it is told', () => {
    expect(readConfig(least)).toMatchObject({
      mediaProcesses: availableParallelism(),
      mediaProcessesGrow: true,
    });
    expect(readConfig({ ...least, CALLGATE_MEDIA_PROCESSES: '3' })).toMatchObject({
      mediaProcesses: 3,
      mediaProcessesGrow: false,
    });
    // Signalling never shares a thread with audio: there is no "none".
    for (const wrong of ['0', '65', 'two']) {
      expect(faultOf({ ...least, CALLGATE_MEDIA_PROCESSES: wrong })).toBe(
        `CALLGATE_MEDIA_PROCESSES is "${wrong}"; expected a number of processes, 1 to 64`,
      );
    }
  });

  it('joins rooms with the client of its own unless told otherwise, under either name', () => {
    expect(readConfig(least).roomClient).toBe('direct');
    expect(readConfig({ ...least, ROOM_CLIENT: 'rtc-node' }).roomClient).toBe('rtc-node');
    const both = { ...least, ROOM_CLIENT: 'rtc-node', CALLGATE_ROOM_CLIENT: 'direct' };
    expect(readConfig(both).roomClient).toBe('direct');
    expect(faultOf({ ...least, ROOM_CLIENT: 'sdk' })).toBe(
      'ROOM_CLIENT is "sdk"; expected direct or rtc-node',
    );
  });

  it('sends spans nowhere unless a collector is named, and never shows its headers', () => {
    expect(readConfig({ ...least, CALLGATE_OTLP_HEADERS: 'a=b' }).otlp).toBeNull();
    const CALLGATE_OTLP_URL = 'http://127.0.0.1:4318';
    const otlp = { ...least, CALLGATE_OTLP_URL, CALLGATE_OTLP_HEADERS: 'authorization=Basic x' };
    expect(readConfig(otlp).otlp).toEqual({
      url: new URL(CALLGATE_OTLP_URL),
      headers: { authorization: 'Basic x' },
    });
    const fault = faultOf({ ...otlp, CALLGATE_OTLP_HEADERS: 'secret-without-name' });
    expect(fault).toContain('CALLGATE_OTLP_HEADERS is (19 characters); expected name=value');
    expect(fault).not.toContain('secret');
  });

  it('reads IPv6 in brackets', () => {
    expect(readConfig({ ...least, CALLGATE_SIP_LISTEN: '[::1]:5070' }).sipListen).toEqual({
      address: '::1',
      port: 5070,
    });
  });

  it('lists everything that is missing, one a line', () => {
    expect(faultOf({}).split('\n')).toEqual([
      'CALLGATE_EDGE_URL is not set; expected the http(s) URL of the Callgate Worker',
      'CALLGATE_NODE_TOKEN is not set; expected the token of this node, 16 to 256 printable characters without blanks, or CALLGATE_NODE_TOKEN_FILE instead',
    ]);
  });

  it.each([
    ['CALLGATE_EDGE_URL', 'ftp://x'],
    ['CALLGATE_NODE_NAME', 'Fra 1'],
    ['CALLGATE_SIP_LISTEN', 'localhost:5060'],
    ['CALLGATE_SIP_LISTEN', '127.0.0.1:70000'],
    ['CALLGATE_MEDIA_ADDRESS', '300.1.1.1'],
    ['CALLGATE_SIP_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['CALLGATE_SIP_PROXY_PROTOCOL', 'balancer'],
    ['CALLGATE_SIP_TRUSTED_PROXIES', 'proxy.example.com'],
    ['CALLGATE_RTP_PORTS', '20000-10000'],
    ['CALLGATE_RTP_PORTS', '10000'],
    ['CALLGATE_LOG_LEVEL', 'loud'],
    ['CALLGATE_HEALTH_LISTEN', '8080'],
  ])('names %s, what it holds and what was expected when it is %j', (name, value) => {
    const fault = faultOf({ ...least, [name]: value });
    expect(fault).toContain(`${name} is "${value}"; expected `);
  });

  it('reads TLS and further addresses', () => {
    const config = readConfig({
      ...least,
      CALLGATE_SIP_ALSO_LISTEN: '[::1]:5060, 127.0.0.2:5060',
      CALLGATE_TLS_LISTEN: '127.0.0.1:5061',
      CALLGATE_TLS_CERTIFICATE: '/etc/callgate/cert.pem',
      CALLGATE_TLS_KEY: '/etc/callgate/key.pem',
    });
    expect(config.sipAlsoListen).toEqual([
      { address: '::1', port: 5060 },
      { address: '127.0.0.2', port: 5060 },
    ]);
    expect(config.tls).toEqual({
      address: '127.0.0.1',
      port: 5061,
      certificateFile: '/etc/callgate/cert.pem',
      keyFile: '/etc/callgate/key.pem',
    });
  });

  it('reads several certificates, each with its key', () => {
    const files = (certificates: string, keys: string) => ({
      ...least,
      CALLGATE_TLS_LISTEN: '127.0.0.1:5061',
      CALLGATE_TLS_CERTIFICATE: certificates,
      CALLGATE_TLS_KEY: keys,
    });
    expect(readConfig(files('a.pem, b.pem', 'a.key, b.key')).tls).toMatchObject({
      certificateFile: 'a.pem',
      keyFile: 'a.key',
      others: [{ certificateFile: 'b.pem', keyFile: 'b.key' }],
    });
    expect(() => readConfig(files('a.pem, b.pem', 'a.key'))).toThrow(
      'CALLGATE_TLS_KEY names 1 files; expected one for each of 2 certificates',
    );
  });

  it('reads several addresses for TLS', () => {
    const config = readConfig({
      ...least,
      CALLGATE_TLS_LISTEN: '127.0.0.1:5061, [::1]:5061',
      CALLGATE_TLS_CERTIFICATE: 'a.pem',
      CALLGATE_TLS_KEY: 'a.key',
    });
    expect(config.tls).toMatchObject({
      address: '127.0.0.1',
      alsoListen: [{ address: '::1', port: 5061 }],
    });
    expect(faultOf({ ...least, CALLGATE_TLS_LISTEN: '127.0.0.1:5061, everywhere' })).toContain(
      'expected address:port such as 0.0.0.0:5061, commas between several',
    );
  });

  it('takes no half of a TLS configuration', () => {
    expect(faultOf({ ...least, CALLGATE_TLS_LISTEN: '127.0.0.1:5061' }).split('\n')).toEqual([
      'CALLGATE_TLS_CERTIFICATE is not set; expected with the other CALLGATE_TLS_ variables',
      'CALLGATE_TLS_KEY is not set; expected with the other CALLGATE_TLS_ variables',
    ]);
  });

  it('never shows a token', () => {
    const fault = faultOf({ ...least, CALLGATE_NODE_TOKEN: 'short secret' });
    expect(fault).toContain('CALLGATE_NODE_TOKEN is (12 characters)');
    expect(fault).not.toContain('short secret');
  });
});
