/** The loop's descriptor on which pieces say what they are about, one line each; an empty one ends it. */
export const toldDescriptor = 8;

/** A script that says what it gathers: from here on it has so long for it (`SessionLimits`). Outside a session it does nothing. */
export function beginGathering(what: string): string {
  return tell(what);
}

/** A script that says that something else follows. */
export const endGathering = tell('');

/** A script that says that its piece only looks: when nobody waits for what it finds any more, it is ended. */
export const onlyLooks = tell('only');

function tell(line: string): string {
  return `[ -z "$TOLD" ] || echo ${line} >&${toldDescriptor}`;
}

/**
 * Runs a command and passes it stdin, until either ends or nothing has arrived for `idle` seconds. The loop's `read`
 * knows no limit, and a process for each header would cost more than most pieces; for the same reason the limit of what
 * gathers facts is watched here. What exceeds it is killed with all below it, stopped first: a parent that outlives its
 * child by a moment starts the next. Perl is Essential.
 */
export const feed = `my ($idle, $limit, @command) = @ARGV; my ($told, $tell);
pipe my $end, my $pipe or exit 1; { local $^F = 9; pipe $told, $tell or exit 1 }
my $child = fork; exit 1 if !defined $child;
if (!$child) { open STDIN, "<&", $end; close $told; $ENV{TOLD} = fileno $tell; exec @command; exit 127 }
close $end; close $tell; $SIG{PIPE} = "IGNORE";
my ($quiet, $left, $what, $only, $heard, $todo) = ($idle, undef, "", 0, "", "");
sub below {
  my (%below, @all); local $/;
  for (glob "/proc/[0-9]*/stat") { open my $stat, "<", $_ or next; my $line = <$stat>; push @{$below{$2}}, $1 if defined $line && $line =~ /^(\\d+) .*\\) \\S (\\d+) /s }
  my @next = ($child); while (@next) { my $id = shift @next; push @next, @{$below{$id} || []}; push @all, @{$below{$id} || []} } @all
}
sub give_up {
  my $says = shift; kill "STOP", below() for 1 .. 3; my @all = below() or return; local $/;
  if ($says) {
    my $last = $all[-1]; open my $in, "<", "/proc/$last/cmdline"; my $line = <$in> // ""; my $at = readlink "/proc/$last/fd/3";
    $line =~ s/[\\0\\s]+/ /g; $line =~ s/ $//; $line = substr($line, 0, 300) . "…" if length $line > 300; $at = defined $at && $at =~ m{^/} ? ", at $at" : "";
    print STDERR "gathering $what took more than $limit s and was ended: $line$at\\n";
  }
  kill "KILL", @all; ($left, $only) = (undef, 0);
}
sub hear {
  if (!sysread $told, my $said, 4096) { close $told; undef $told; return } else { $heard .= $said }
  while ($heard =~ s/^(.*)\\n//) { if ($1 eq "") { ($left, $only) = (undef, 0) } elsif ($1 eq "only") { $only = 1 } else { ($what, $left) = ($1, $limit) } }
}
sub wait_for {
  my ($read, $write, $most) = @_; vec($read, fileno $told, 1) = 1 if $told;
  my $time = defined $left && $left < $most ? $left : $most;
  my (undef, $rest) = select($read, $write, undef, $time); my $took = $time - $rest;
  $quiet -= $took; $left -= $took if defined $left;
  hear() if $told && vec($read, fileno $told, 1);
  give_up(1) if defined $left && $left <= 0;
  ($read, $write)
}
for (;;) {
  vec(my $read = "", 0, 1) = 1; vec($read, fileno $pipe, 1) = 1; # the pipe when nobody reads it any more
  vec(my $write = "", fileno $pipe, 1) = 1;
  vec($read, 0, 1) = 0 if $todo ne "";
  ($read, $write) = wait_for($read, $todo eq "" ? undef : $write, $quiet);
  last if vec($read, fileno $pipe, 1) || $quiet <= 0;
  if ($todo ne "") { if (vec($write, fileno $pipe, 1)) { substr($todo, 0, syswrite($pipe, $todo, 4096) || last) = ""; $quiet = $idle } }
  elsif (vec($read, 0, 1)) { sysread STDIN, $todo, 65536 or last; $quiet = $idle }
}
close $pipe;
while ($told) { give_up(0) if $only; wait_for("", undef, 1); last if waitpid $child, 1 }
waitpid $child, 0;`;
