import { quote } from './quote.ts';

/** The ways to another user's shell: Ansible's names. */
export const becomeMethods = ['sudo', 'su', 'doas'] as const;
export type BecomeMethod = (typeof becomeMethods)[number];

/** The variable of a root shell's loop that holds who logged in. */
export const loginVariable = 'drover_login';

/** What stands in the noise before a session is ready when we were let in without being asked for the password. */
const passwordUnused = 'drover-password-unused';

/**
 * What the login user's shell runs to become root, by a command line that is constant: it is logged. It has the rest of
 * stdin; with a password that may be asked for, the first line of it.
 */
export function becomeScript(method: BecomeMethod, command: string, withPassword: boolean): string {
  return `LC_ALL=C; export LC_ALL\n${ways[method](quote(command), withPassword)}`;
}

/** Whether the password was asked for, by what a session printed before it was ready. */
export function wasAsked(method: BecomeMethod, noise: string): boolean {
  return method === 'su' ? suPrompt.test(noise) : !noise.includes(passwordUnused);
}

/** In the locale that is forced. */
const suPrompt = /password: ?/i;

/** A refusal without the prompt that may stand before it. */
export function withoutPrompt(said: string): string {
  return said.replace(suPrompt, '');
}

/** Whether a refusal in the C locale is that of a wrong password; the exit status is the same for every one. */
export function isWrongPassword(said: string): boolean {
  return /incorrect password attempt|: Authentication fail(?:ure|ed)/.test(said);
}

const ways: Readonly<Record<BecomeMethod, (command: string, withPassword: boolean) => string>> = {
  sudo(command, withPassword) {
    const asRoot = (options: string) => `sudo ${options} -H sh -c ${command}`;
    if (!withPassword) return `exec ${asRoot('-n')}`;
    // A wrong password would be asked for three times.
    return `if sudo -n true 2>/dev/null; then echo ${passwordUnused} >&2; exec ${asRoot('-n')}; fi
IFS= read -r p
printf '%s\\n' "$p" | sudo -S -p '' -v || exit 77
{ printf '%s\\n' "$p"; exec cat; } | ${asRoot("-S -p ''")}`;
  },

  // It reads the password from stdin, just that line, and asks once. Root's login shell may be any.
  su(command, withPassword) {
    const asRoot = `exec su root -c ${quote(`exec sh -c ${command}`)}`;
    // Asked without one, it would take the next line for it.
    return withPassword ? asRoot : `su root -c true </dev/null || exit 77\n${asRoot}`;
  },

  // It reads the password from its terminal and nowhere else.
  doas(command, withPassword) {
    const direct = `exec doas -n sh -c ${command}`;
    if (!withPassword) return direct;
    return `if doas -n true 2>/dev/null; then echo ${passwordUnused} >&2; ${direct}; fi
exec perl -e ${quote(answerOnTerminal)} doas setsid sh -c ${command}`;
  },
};

/**
 * Runs a command with a terminal of its own, on which it is told the first line of stdin when it asks for a password, once.
 * Its input and output stay what they are. Perl is Essential; 0x40045431 unlocks a terminal, 0x80045430 says its number.
 */
const answerOnTerminal = `use POSIX ();
my ($password, $char) = ("", ""); while (sysread(STDIN, $char, 1) && $char ne "\\n") { $password .= $char }
sysopen(my $ask, "/dev/ptmx", 0402) or die "no terminal: $!\\n";
my ($unlock, $number) = (pack("i", 0)) x 2;
ioctl($ask, 0x40045431, $unlock) && ioctl($ask, 0x80045430, $number) or die "no terminal: $!\\n";
my $name = "/dev/pts/" . unpack("I", $number);
# Without one that stays open, what asks would be gone between two uses.
sysopen(my $kept, $name, 0402) or die "no terminal: $!\\n";
my $child = fork; die "fork: $!\\n" if !defined $child;
if (!$child) {
  close $ask; close $kept; POSIX::setsid();
  sysopen(my $terminal, $name, 2) or die "no terminal: $!\\n";
  my $command = fork; die "fork: $!\\n" if !defined $command;
  exec @ARGV or exit 127 if !$command;
  close STDIN; waitpid $command, 0; exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}
close STDIN;
my $said = "";
for (my $told = 0; ; ) {
  vec(my $read = "", fileno $ask, 1) = 1;
  if (select($read, undef, undef, 0.1) > 0 && sysread $ask, my $text, 4096) {
    $said .= $text;
    if (!$told && $said =~ /password/i) { syswrite $ask, "$password\\n"; $told = 1 }
  }
  last if waitpid($child, 1) == $child;
}
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);`;
