/** Which metrics the dashboard asks for, to be held against what a node really has. */
import { readFileSync } from 'node:fs';

const file = new URL('./dashboard.json', import.meta.url);

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

/** Every query, with the panel it belongs to. */
export function dashboardQueries(): readonly { readonly panel: string; readonly query: string }[] {
  const { panels, annotations } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ panel: title, query: expr })),
    ),
    ...annotations.list.map(({ expr }) => ({ panel: 'annotation', query: expr })),
  ];
}

/** Names of metrics in a query of PromQL: every name of our prefixes. */
export function metricsIn(query: string): readonly string[] {
  return query.match(/\b(?:callgate|nodejs|process)_\w+/g) ?? [];
}

/** Names that can be queried in a text of /metrics: those of samples, and of histograms whose first sample is still to come. */
export function metricsOf(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    names.add(name);
    if (type === 'histogram')
      for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
  }
  return names;
}
