/** Where a request came from, as logs and records write it. */

/** `203.0.113.7:5060/udp`, IPv6 in brackets. */
export function sourceText(source: {
  readonly address: string;
  readonly port: number;
  readonly transport: string;
}): string {
  const address = source.address.includes(':') ? `[${source.address}]` : source.address;
  return `${address}:${source.port}/${source.transport}`;
}
