/**
 * Durable Object migrations of wrangler.toml. Cloudflare applies each tag once: one that has been deployed must stay as it is and in its place, new ones are added at the
 * end, and no roll-back goes behind one. Pure.
 */

export interface Migration {
  readonly tag: string;
  /** Its lines, as written. */
  readonly lines: readonly string[];
}

/** The `[[migrations]]` of a wrangler.toml, in order. */
export function migrationsOf(settings: string): readonly Migration[] {
  return settings
    .split(/^\[\[migrations\]\]\s*$/m)
    .slice(1)
    .map((text) => {
      const [block = ''] = text.split(/^\[/m);
      const lines = block
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#'));
      return { tag: /^tag\s*=\s*"([^"]+)"/m.exec(block)?.[1] ?? '', lines };
    });
}

/** What is wrong with going from one wrangler.toml to another, in a sentence; null: nothing. */
export function migrationFault(deployed: string, next: string): string | null {
  const after = migrationsOf(next);
  for (const [index, before] of migrationsOf(deployed).entries()) {
    const now = after[index];
    if (now === undefined) return `migration ${before.tag} is gone; expected it to stay`;
    if (now.tag !== before.tag)
      return `migration ${index + 1} is ${now.tag}; expected ${before.tag}, which has been deployed`;
    if (now.lines.join('\n') !== before.lines.join('\n'))
      return `migration ${before.tag} has changed since it was deployed; expected a new one after it`;
  }
  return null;
}

/** Tags that a deploy will apply. */
export function newMigrations(deployed: string, next: string): readonly string[] {
  return migrationsOf(next)
    .slice(migrationsOf(deployed).length)
    .map(({ tag }) => tag);
}
