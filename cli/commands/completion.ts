import { COLOR, type Command, HELP } from "../command.ts";
import { EXIT_OK } from "../errors.ts";
import { print } from "../io.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** What a shell needs to know of a command: its options, and the closed words of its first argument. */
interface Words {
  name: string;
  summary: string;
  options: { name: string; help: string; values: boolean; choices: readonly string[] }[];
  choices: readonly string[];
}

function wordsOf(commands: Command[]): Words[] {
  return commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    options: [...command.options, HELP, COLOR].map((option) => ({
      name: `--${option.name}`,
      help: option.help,
      values: option.value !== undefined,
      choices: option.choices ?? [],
    })),
    choices: command.operands[0]?.choices ?? [],
  }));
}

function bash(commands: Words[]): string {
  const cases = commands.map(({ name, options, choices }) => {
    const words = [...choices, ...options.map((option) => option.name)].join(" ");
    return `    ${name}) words="${words}" ;;`;
  });
  return `# faramesh completion for bash: source <(faramesh completion bash)
_faramesh() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map((command) => command.name).join(" ")} help --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [[ $current == -* || ( $COMP_CWORD -eq 2 && $words != -* ) ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
  COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _faramesh faramesh
`;
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
}

function zsh(commands: Words[]): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const cases = commands.map(({ name, options, choices }) => {
    const specs = options.map((option) => {
      const choice = option.choices.length === 0 ? "_files" : `(${option.choices.join(" ")})`;
      return `'*${option.name}[${zshText(option.help)}]${option.values ? `:value:${choice}` : ""}'`;
    });
    const first =
      choices.length === 0 ? "'*:file:_files'" : `'2:action:(${choices.join(" ")})' '*:file:_files'`;
    return `    ${name}) _arguments ${[...specs, first].join(" ")} ;;`;
  });
  return `#compdef faramesh
# faramesh completion for zsh: faramesh completion zsh > a folder of $fpath, as _faramesh
_faramesh() {
  local -a commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
}
_faramesh "$@"
`;
}

function fish(commands: Words[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options, choices }) => [
    `complete -c faramesh -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...choices.map((choice) => `complete -c faramesh -n '__fish_seen_subcommand_from ${name}' -a ${choice}`),
    ...options.map((option) => {
      const value = option.values
        ? option.choices.length > 0
          ? ` -x -a ${quote(option.choices.join(" "))}`
          : " -r"
        : "";
      return `complete -c faramesh -n '__fish_seen_subcommand_from ${name}' -l ${option.name.slice(2)}${value} -d ${quote(option.help)}`;
    }),
  ]);
  return `# faramesh completion for fish: faramesh completion fish > ~/.config/fish/completions/faramesh.fish\n${lines.join("\n")}\n`;
}

export const completion: Command = {
  name: "completion",
  summary: "print the completion script of a shell",
  description: "",
  operands: [{ name: "SHELL", minimum: 1, maximum: 1, choices: SHELLS, help: "bash, zsh or fish" }],
  options: [],
  examples: [
    { command: "source <(faramesh completion bash)", text: "in this bash" },
    {
      command: "faramesh completion fish > ~/.config/fish/completions/faramesh.fish",
      text: "in every fish from now on",
    },
  ],
  exits: { ok: "the script was printed", findings: null },
  async run({ operands }, all) {
    const commands = wordsOf(await all());
    const shell = operands[0];
    await print(shell === "bash" ? bash(commands) : shell === "zsh" ? zsh(commands) : fish(commands));
    return EXIT_OK;
  },
};
