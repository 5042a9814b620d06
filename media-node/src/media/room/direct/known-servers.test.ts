import { roomLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../clock.fake.ts';
import { KnownServers } from './known-servers.ts';

const url = 'wss://livekit.example.com';
const relay = [{ hostname: '192.0.2.1', port: 3_478, username: 'u', password: 'p' }];

describe('what is known of a server', () => {
  it('is nothing before the first join', () => {
    const known = new KnownServers().of(url, new FakeClock());
    expect(known).toEqual({ needsTwoConnections: false, relay: null });
  });

  it('adds up, for that server alone', () => {
    const clock = new FakeClock();
    const servers = new KnownServers();
    servers.learn(url, { kind: 'two-connections' }, clock);
    servers.learn(url, { kind: 'relay', servers: relay }, clock);
    expect(servers.of(url, clock)).toMatchObject({ needsTwoConnections: true, relay });
    expect(servers.of('wss://other.example.com', clock).relay).toBeNull();
  });

  it('is forgotten in time: servers are upgraded, networks repaired, credentials expire', () => {
    const clock = new FakeClock();
    const servers = new KnownServers();
    servers.learn(url, { kind: 'relay', servers: relay }, clock);
    clock.advance(roomLimits.serverKnownMs - 1);
    expect(servers.of(url, clock).relay).toEqual(relay);
    clock.advance(1);
    expect(servers.of(url, clock).relay).toBeNull();
  });

  it('does not grow without bound', () => {
    const clock = new FakeClock();
    const servers = new KnownServers();
    for (let i = 0; i <= roomLimits.serversKnownMax; i++)
      servers.learn(`wss://${i}.example.com`, { kind: 'two-connections' }, clock);
    expect(servers.of('wss://0.example.com', clock).needsTwoConnections).toBe(false);
    const last = `wss://${roomLimits.serversKnownMax}.example.com`;
    expect(servers.of(last, clock).needsTwoConnections).toBe(true);
  });
});
