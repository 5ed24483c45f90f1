import type { Command } from 'commander';

/** Shells that completion can be had for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** A shell that completion can be had for. */
export type Shell = (typeof shells)[number];

/** A script for a shell that completes the commands and flags of a program. */
export function completionScript(program: Command, shell: Shell): string {
  const words = wordsOf(program);
  if (shell === 'fish') return fishScript(words);
  return shell === 'bash'
    ? bashScript(words)
    : `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
}

/** The words that may follow, by the commands before them: '' at first, `keys create` behind those two. */
function wordsOf(command: Command, before = ''): Map<string, readonly string[]> {
  const flags = command.options.flatMap(({ long }) => (long ? [long] : []));
  const names = command.commands.map((each) => each.name());
  const words = new Map<string, readonly string[]>([[before, [...names, ...flags, '--help']]]);
  for (const each of command.commands)
    for (const [path, list] of wordsOf(each, `${before} ${each.name()}`.trim())) words.set(path, list);
  // What stands alone is `start`.
  if (before === '') words.set('', [...(words.get('') ?? []), ...(words.get('start') ?? [])]);
  return words;
}

function bashScript(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, list]) => `    '${path}') words="${[...new Set(list)].join(' ')}" ;;`);
  return `_gatewright() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _gatewright gatewright
`;
}

function fishScript(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].flatMap(([path, list]) => {
    const condition = path
      ? path
          .split(' ')
          .map((name) => `__fish_seen_subcommand_from ${name}`)
          .join('; and ')
      : '__fish_use_subcommand';
    return [...new Set(list)].map((word) =>
      word.startsWith('--')
        ? `complete -c gatewright -n '${condition}' -l ${word.slice(2)}`
        : `complete -c gatewright -n '${condition}' -f -a ${word}`,
    );
  });
  return `${lines.join('\n')}\n`;
}
