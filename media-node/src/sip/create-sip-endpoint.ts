/** Puts the SIP endpoint together: socket, transactions, dialogs, and the port that the call knows it by. */
import type { AdvertisedHosts } from '../advertised-hosts.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import { pooledRandom } from '../pooled-random.ts';
import type { DialogServices } from './dialog/dialog-services.ts';
import { endLeftDialog } from './dialog/left-dialog.ts';
import { ladderBook } from './ladder/ladder-book.ts';
import { Ladders } from './ladder/ladders.ts';
import { TappedTransports } from './ladder/tapped-transports.ts';
import { OwnAddresses } from './own-addresses.ts';
import { RefusalLog } from './refusal-log.ts';
import { connectionReason } from './refusal-reason.ts';
import { RequestSender } from './request-sender.ts';
import type { SipEndpoint } from './sip-endpoint.ts';
import { TrustedProxies } from './strangers/real-source.ts';
import { StrangerGate } from './strangers/stranger-gate.ts';
import type { RandomBytes } from './transaction/random-token.ts';
import { TransactionTable } from './transaction/transaction-table.ts';
import { type NameResolver, systemResolver } from './transport/locate.ts';
import { StreamTransport } from './transport/stream-transport.ts';
import type { TlsCredentials } from './transport/tls-credentials.ts';
import type { HostPort, Transport } from './transport/transport.ts';
import { TransportSet } from './transport/transport-set.ts';
import { UdpTransport } from './transport/udp-transport.ts';
import { UserAgent } from './user-agent.ts';

export interface SipEndpointOptions {
  /** Address (literal) and port for UDP and TCP (RFC 3261 §18 wants both); port 0 takes a free one. */
  readonly listen: HostPort;
  /** Address, port and certificate for TLS, and further addresses; none by default. */
  readonly tls?: HostPort & TlsCredentials & { readonly alsoListen?: readonly HostPort[] };
  /** Further addresses, UDP and TCP: another family, another network. */
  readonly alsoListen?: readonly HostPort[];
  /** Host that Contact and our Via name, by who is told; null: the address that a request arrived at. */
  readonly advertise: AdvertisedHosts | null;
  /** Addresses or networks of proxies in front whose Via says who called them; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Addresses or networks of balancers whose TCP and TLS connections begin with a PROXY header; none by default. */
  readonly balancers?: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: RandomBytes;
  readonly resolver?: NameResolver;
}

/** A free UDP port that is taken for TCP is rare; ten in a row are not chance. */
const freePortAttempts = 10;

/** An endpoint that does nothing until `listen`. */
export function createSipEndpoint(options: SipEndpointOptions): SipEndpoint {
  const { clock, tls, balancers = [] } = options;
  const transports: Transport[] = [options.listen, ...(options.alsoListen ?? [])].flatMap(
    (listen) => {
      const udp = new UdpTransport(listen);
      const streams = { listen: () => samePort(listen, udp.bound), clock, balancers };
      return [udp, new StreamTransport(streams)];
    },
  );
  if (tls !== undefined) {
    for (const listen of [tls, ...(tls.alsoListen ?? [])])
      transports.push(new StreamTransport({ listen: () => listen, clock, tls, balancers }));
  }
  return assembleEndpoint(options, transports, options.listen.port === 0 ? freePortAttempts : 1);
}

/** TCP is found where UDP is, also when that took any free port. */
function samePort({ address }: HostPort, { port }: HostPort): HostPort {
  return { address, port };
}

/** The endpoint on transports of the caller's choice: tests bring one without sockets. */
export function assembleEndpoint(
  options: Pick<
    SipEndpointOptions,
    'trustedProxies' | 'advertise' | 'clock' | 'log' | 'random' | 'resolver'
  >,
  list: readonly Transport[],
  attempts = 1,
): SipEndpoint {
  const { clock, log, random = pooledRandom(), resolver = systemResolver() } = options;
  const ladders = new Ladders(clock);
  const transports = new TappedTransports(new TransportSet(list, attempts), ladders);
  const addresses = new OwnAddresses(options.advertise, clock);
  const refusals = new RefusalLog(clock, log);
  const onUnsent = (why: string) => log('warn', 'sip-not-sent', { why });
  const transactions = new TransactionTable({
    clock,
    onFault: (error) =>
      log('error', 'sip-fault', {
        why: error,
        stack: error instanceof Error ? error.stack : undefined,
      }),
    onUnsent,
  });
  const sender = new RequestSender({
    transactions,
    transports,
    addresses,
    resolver,
    random,
    onUnsent,
  });
  const services: DialogServices = {
    clock,
    log,
    random,
    localFor: (flow) => addresses.for(flow),
    contactFor: (flow, isSecure) => addresses.contactFor(flow, isSecure),
    send: (request, to, flow, events) => sender.send(request, to, flow, events),
    sendOnce: (request, to, flow) => sender.sendOnce(request, to, flow),
  };
  const strangers = new StrangerGate(clock);
  const proxies = new TrustedProxies(options.trustedProxies ?? []);
  let agent: UserAgent | null = null;

  return {
    async listen({ onInvite, admit = () => ({ kind: 'take' }), onTurnedAway = () => {} }) {
      const userAgent = new UserAgent({
        transactions,
        sender,
        services,
        strangers,
        proxies,
        ladders,
        onInvite,
        onRefused: (source, fields, traceId) => refusals.note(source, fields, traceId),
        admit,
        onTurnedAway,
      });
      agent = userAgent;
      return await transports.open({
        onMessage: (arrival) => {
          try {
            userAgent.receive(arrival);
          } catch (error) {
            // Whatever a message does to us, the next one is served.
            log('error', 'sip-fault', {
              why: error,
              stack: error instanceof Error ? error.stack : undefined,
            });
          }
        },
        onTrouble: (what, { source, ...fields }) =>
          typeof source === 'string'
            ? refusals.note(source, { ...connectionReason(what), rule: what, ...fields })
            : log('warn', what, fields),
      });
    },
    stats: () => ({
      transactions: transactions.size,
      dialogs: agent?.dialogCount ?? 0,
      refusedByGate: agent?.refusedByGate ?? 0,
      refused: refusals.counts,
    }),
    ladders: ladderBook(ladders),
    endLeftDialog: (state, headers) => endLeftDialog(state, headers, sender),
    async close() {
      agent?.close();
      transactions.close();
      await transports.close();
    },
  };
}
