/** HTTP headers as a setting writes them, in the form of OTEL_EXPORTER_OTLP_HEADERS: `name=value`, several with commas between. */

/** null: a pair is none. */
export function readHeaderPairs(text: string): Readonly<Record<string, string>> | null {
  const pairs = text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => /^\s*([\w-]+)=([\x21-\x7e ]+?)\s*$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return null;
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}
