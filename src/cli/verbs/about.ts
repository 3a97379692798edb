import { Argument } from 'commander';
import type { Handlers } from '../handlers.ts';
import type { Verb } from '../verb.ts';

/** Verbs about drover itself. */
export function addAbout(program: Verb, { act }: Handlers): void {
  program
    .verb('init', 'make a folder for a cluster: inventory, settings, .gitignore, README, schemas')
    .argument('[folder]', 'folder, made where it is missing; files that are there are kept', '.')
    .example('drover init prod', 'a folder prod')
    .example('drover init', 'here; brings the schemas of editors up to date')
    .action(act(async () => (await import('../commands/init.ts')).init));
  program
    .verb('completion', 'print what has a shell complete verbs, options and files')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish']))
    .example('source <(drover completion bash)', 'in ~/.bashrc')
    .example('source <(drover completion zsh)', 'in ~/.zshrc, after compinit')
    .example('drover completion fish | source', 'in ~/.config/fish/config.fish')
    .action(act(async () => (await import('../commands/completion.ts')).completion));
  program
    .verb('version', 'print release, commit, Node.js and where drover is')
    .example('drover version', 'what to put into a report')
    .action(act(async () => (await import('../commands/version.ts')).version));
  program.helpCommand('help [verb]', 'print the help of a verb');
}
