/**
 * One table for one configuration: README's rows are the variables that the node reads, with the defaults it really has. config.ts reads variables
 * through literals, so what it asks of an environment is what it knows.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../media-node/src/config.ts';
import { root } from '../setup/run-tool.ts';

const least: Readonly<Record<string, string>> = {
  CALLGATE_EDGE_URL: 'https://edge.example.com',
  CALLGATE_NODE_TOKEN: 'a-token-of-some-length',
};

/** Every variable that a look at the whole configuration asks for. */
function askedFor(): string[] {
  const asked = new Set<string>();
  const environment = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        asked.add(String(name));
        return least[String(name)];
      },
    },
  );
  readConfig(environment);
  return [...asked].sort();
}

interface Row {
  readonly variables: readonly string[];
  readonly defaultValue: string;
}

/** The rows of the table under "Configuration". */
function documented(): Row[] {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const section = /\n## Configuration\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `CALLGATE_'))
    .map((line) => {
      const [, names = '', defaultValue = ''] = line.split('|');
      return {
        variables: [...names.matchAll(/`([A-Z][A-Z_]+)`/g)].map((match) => match[1] ?? ''),
        defaultValue: defaultValue.trim(),
      };
    });
}

const rows = documented();

describe("README's table of variables", () => {
  it('has every variable that the node reads, once, and no other', () => {
    expect(rows.flatMap(({ variables }) => variables).toSorted()).toEqual(askedFor());
  });

  it.each(
    rows.flatMap(({ variables, defaultValue }) =>
      variables.map((name) => ({ name, defaultValue })),
    ),
  )('$name: its default is $defaultValue', ({ name, defaultValue }) => {
    // A default in words says what is worked out at the start; one in code is a value like any other.
    const value = /^`([^`]+)`$/.exec(defaultValue)?.[1];
    if (value === undefined) return expect(isNeeded(name)).toBe(name in least);
    const said = value.startsWith('CALLGATE_') ? undefined : value;
    const spelled = readConfig({ ...least, ...(said === undefined ? {} : { [name]: said }) });
    expect(spelled).toEqual(readConfig(least));
  });

  it('is what infra/node/node.env is made of', () => {
    const sample = readFileSync(`${root}infra/node/node.env`, 'utf8');
    const names = [...sample.matchAll(/^#?(CALLGATE_[A-Z_]+)=/gm)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(5);
    expect(askedFor()).toEqual(expect.arrayContaining(names));
  });
});

function isNeeded(name: string): boolean {
  try {
    readConfig(Object.fromEntries(Object.entries(least).filter(([one]) => one !== name)));
    return false;
  } catch (error) {
    if (error instanceof ConfigError) return error.message.includes(`${name} is not set`);
    throw error;
  }
}
