// Shell scripts as text: quoting, framing, files, units, the journal on a host. Nothing here runs one.
import { becomeScript, loginVariable, type BecomeMethod } from './become.ts';
import { feed, toldDescriptor } from './feed.ts';
import { quote } from './quote.ts';

/**
 * How pieces of shell script go over one channel and how their ends are recognised. A piece goes as a header of 17
 * bytes (its length in 16 digits and a newline) and its text; the loop on the host runs it in a subshell and then
 * prints a line with the session's nonce to both outputs. What stands before the first nonce is noise of rc files.
 */

/** Reads one length and that many bytes of script from stdin, and runs them. Constant: what becomes root logs it. */
const loader = 'read -r n; eval "$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null)"';

/** The line after which the privileged loader takes over; before it may stand a password that nobody consumed. */
const begin = 'drover-begin';

const rootLoader = `while read -r l; do [ "$l" = ${begin} ] && break; done; ${loader}`;

/** The command a session starts with: readable by any login shell. */
export const sessionCommand = `exec sh -c ${quote(loader)}`;

/** Text for a loader. */
export function forLoader(script: string): string {
  return `${Buffer.byteLength(script)}\n${script}`;
}

/** A piece for a session's loop. The nonce at its end proves that it arrived whole. */
export function framePiece(script: string, nonce: string): Buffer {
  const text = Buffer.from(`${script}\n#${nonce}`);
  return Buffer.concat([Buffer.from(`${String(text.length).padStart(16, '0')}\n`), text]);
}

/** A script that first says which process it runs in, for `killPiece`. The shell itself reads: it costs no fork. */
export function withProcessId(script: string): string {
  return `read -r drover_pid drover_rest </proc/self/stat; printf '\\n%s pid %s\\n' "$N" "$drover_pid"
${script}`;
}

/** A header without a piece: keeps an idle session alive. */
export const noOperation = Buffer.from(`${'0'.repeat(16)}\n`);

/** Seconds without input after which a session ends itself, once its piece is done, and releases its lock. */
export const idleLimit = 60;

/** Seconds after which the gathering of one kind of facts is given up: a server's disk that is gone never answers. */
const gatheringLimit = 120;

/** A piece that starts with this runs in the loop's own shell: what it opens stays open. */
const inLoop = '#loop';

/** The descriptor that holds a host's lock; what the loop starts does not inherit it. */
const lockDescriptor = 9;

/** Where the holder of a host's lock says who it is. */
const holderFile = '/run/drover/holder';

/** The process that holds the lock: the file above stays when it is gone. */
const holderPid = '/run/drover/pid';

/**
 * A piece that takes the host's lock for as long as the session lives, and fails with the holder's words on
 * stdout when somebody else has it. It needs no clock, and is gone after a reboot.
 */
export function lockPiece(holder: string): string {
  return `${inLoop}
exec ${lockDescriptor}</root
if flock -n ${lockDescriptor}; then [ -d /run/drover ] || mkdir -p -m 700 /run/drover; (umask 077; printf '%s\\n' ${quote(holder)} > ${holderFile}; echo $$ > ${holderPid})
else exec ${lockDescriptor}<&-; cat ${holderFile} 2>/dev/null; false; fi`;
}

/** A piece that prints what the lock is on: a directory of a file system of a kernel since its start. */
export const lockPlacePiece = 'cat /proc/sys/kernel/random/boot_id && stat -c %d:%i /root';

export const unlockPiece = `${inLoop}\nexec ${lockDescriptor}<&-`;

/** How long a session waits, in seconds. */
export interface SessionLimits {
  /** Silence after which it ends itself. */
  readonly idle?: number;
  /** What the gathering of one kind of facts may take. */
  readonly gathering?: number;
}

/** How a session becomes root. */
export interface Become {
  readonly method: BecomeMethod;
  /** Given where it may be asked for. */
  readonly password?: string | undefined;
  /** Who logs in. */
  readonly login: string;
}

/** What is sent first: the loop that a session runs until its input ends, or stays silent for too long. */
function startLoop(
  nonce: string,
  login: string | undefined,
  { idle = idleLimit, gathering = gatheringLimit }: SessionLimits,
): string {
  // In the environment, where others do not see it as they would an argument.
  return `LC_ALL=C; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; LOOP=${quote(sessionLoop(nonce, login))}; export LC_ALL PATH LOOP
unset LANG LANGUAGE CDPATH ENV PERL5OPT PERL5LIB PERLLIB PERLIO PERL_UNICODE; umask 022; cd /
exec perl -e ${quote(feed)} ${idle} ${gathering} sh -c 'eval "$LOOP"'`;
}

function sessionLoop(nonce: string, login: string | undefined): string {
  // An exported variable of these names would carry each script along in the environment of what it starts.
  const named = login === undefined ? '' : `; ${loginVariable}=${quote(login)}`;
  return `unset LOOP N h n r s ${loginVariable}; N=${nonce}${named}
case $TOLD in ?) exec ${toldDescriptor}>&$TOLD ;; *) exec ${toldDescriptor}>/dev/null ;; esac; unset TOLD; TOLD=${toldDescriptor}
printf '\\n%s ready %s\\n' "$N" "$$"; printf '\\n%s ready\\n' "$N" >&2
while read -r h; do
n=\${h#"\${h%%[!0]*}"}
case $n in '') continue ;; esac
s=$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null ${lockDescriptor}<&-)
case $s in *"#$N") ;; *) break ;; esac
case $s in
'${inLoop}'*) eval "$s" </dev/null ;;
*) ( eval "$s" ) </dev/null ${lockDescriptor}<&- ;;
esac
r=$?
echo >&${toldDescriptor}
printf '\\n%s end %s\\n' "$N" "$r"; printf '\\n%s end\\n' "$N" >&2
done`;
}

/** Everything that is sent before the first piece. */
export function sessionPrelude(
  nonce: string,
  become: Become | undefined,
  limits: SessionLimits = {},
): string {
  const loop = forLoader(startLoop(nonce, become?.login, limits));
  if (!become) return loop;
  const password = become.password === undefined ? '' : `${become.password}\n`;
  const script = becomeScript(become.method, rootLoader, become.password !== undefined);
  return `${forLoader(script)}${password}${begin}\n${loop}`;
}

/**
 * Kills the process that a piece runs in, and all below it: TERM, and after two seconds KILL, once all are stopped:
 * a parent that outlives its child by a moment starts the next, which nobody would find. It does nothing when the
 * session's loop has no such child any more, so that the next piece is safe. Perl is Essential; procps is not.
 */
export function killPiece(piece: number, loop: number): string {
  const program = `my ($root, $loop) = @ARGV; my %seen; $/ = undef;
sub table { my %t; for my $d (glob "/proc/[0-9]*") { open(my $f, "<", "$d/stat") or next; my $l = <$f>;
  defined $l && $l =~ /^(\\d+) .*\\) (\\S) (\\d+) (?:\\S+ ){17}(\\d+)/s and $t{$1} = { state => $2, parent => $3, start => $4 }; } %t }
sub tree { my ($t, $p) = @_; ($p, map { tree($t, $_) } grep { $t->{$_}{parent} == $p } keys %$t) }
for my $round (1 .. 100) {
  my %t = table(); my @new;
  my @alive = grep { $t{$_} && $t{$_}{start} == $seen{$_} } keys %seen;
  push @alive, $root if $round == 1 && $t{$root} && $t{$root}{parent} == $loop;
  for my $p (map { tree(\\%t, $_) } @alive) { next if exists $seen{$p}; $seen{$p} = $t{$p}{start}; push @new, $p }
  my @left = grep { $t{$_} && $t{$_}{start} == $seen{$_} && $t{$_}{state} ne "Z" } keys %seen or last;
  kill($round <= 40 ? ("TERM", @new) : $round == 41 ? ("STOP", @left) : @new ? ("STOP", @new) : ("KILL", @left));
  select(undef, undef, undef, 0.05);
}`;
  return `perl -e ${quote(program)} ${piece} ${loop}`;
}
